// SPDX-License-Identifier: MIT
#include "analysis/explanation.hpp"

#include <algorithm>
#include <tuple>

namespace ktstr {
namespace {

constexpr bool k_expected = false;
constexpr bool k_actionable = true;

constexpr std::string_view k_host_only =
    "The test ran on the host alone and booted no guest, so there was nothing to take this from.";

template <auto Member>
bool is_none(const Record& record) {
  return !(record.*Member).has_value();
}

// The causes of each.
constexpr std::string_view k_no_scheduler_commit[] = {
    "No kind of scheduler tells the harness its commit yet, so this is null in every file."};
constexpr std::string_view k_no_resolve_source[] = {
    "The file was written before the harness recorded how it found the scheduler.",
    "The test was skipped before the guest booted, and no scheduler was looked for."};
constexpr std::string_view k_no_project_commit[] = {
    "The working directory of the test process was gone when the record was written.",
    "The test process ran outside of any git repository.",
    "The repository's HEAD could not be read, or has no commit yet."};
constexpr std::string_view k_no_payload[] = {"The test declares no binary to run as its payload."};
constexpr std::string_view k_no_monitor[] = {
    k_host_only, "The guest failed before the monitor could take its first sample.",
    "The monitor ran, but none of its samples was valid."};
constexpr std::string_view k_no_kvm_stats[] = {k_host_only,
                                               "The host's kernel offers no KVM statistics."};
constexpr std::string_view k_no_kernel_version[] = {
    k_host_only,
    "Neither the kernel cache's metadata nor the kernel's own release file names a version."};
constexpr std::string_view k_no_kernel_commit[] = {
    "KTSTR_KERNEL was not set.",
    "The kernel came out of the cache, built from a tarball or a git URL whose tree is gone.",
    "KTSTR_KERNEL names a directory that is no git repository.",
    "The HEAD of the kernel's repository could not be read.",
    "Asking git about the kernel's tree failed in another way."};
constexpr std::string_view k_no_host[] = {
    "The file comes from a test fixture and not from a real run.",
    "The file was written before the harness described the host in it."};
constexpr std::string_view k_no_cleanup_duration_ms[] = {
    k_host_only, "The watchdog ended the guest before its clean-up could be timed."};
constexpr std::string_view k_no_run_source[] = {
    "The file has this under the key's former name, source."};

constexpr NullableField k_fields[] = {
    {"scheduler_commit", k_expected, k_no_scheduler_commit, "", is_none<&Record::scheduler_commit>},
    {"resolve_source", k_actionable, k_no_resolve_source,
     "Run the test again with the current harness.", is_none<&Record::resolve_source>},
    {"project_commit", k_actionable, k_no_project_commit,
     "Run the tests inside a git working tree that has at least one commit.",
     is_none<&Record::project_commit>},
    {"payload", k_expected, k_no_payload, "", is_none<&Record::payload>},
    {"monitor", k_actionable, k_no_monitor, "", is_none<&Record::monitor>},
    {"kvm_stats", k_actionable, k_no_kvm_stats, "", is_none<&Record::kvm_stats>},
    {"kernel_version", k_actionable, k_no_kernel_version, "", is_none<&Record::kernel_version>},
    {"kernel_commit", k_actionable, k_no_kernel_commit,
     "Let KTSTR_KERNEL name a git clone of the kernel's source.", is_none<&Record::kernel_commit>},
    {"host", k_actionable, k_no_host,
     "Run the test again with the current harness; a fixture never had a host.",
     is_none<&Record::host>},
    {"cleanup_duration_ms", k_actionable, k_no_cleanup_duration_ms, "",
     is_none<&Record::cleanup_duration_ms>},
    {"run_source", k_actionable, k_no_run_source,
     "Run the test again, or rename the key source to run_source in the file.",
     is_none<&Record::run_source>},
};

}  // namespace

std::span<const NullableField> nullable_fields() { return k_fields; }

std::string_view classification(const NullableField& field) {
  return field.is_actionable ? "actionable" : "expected";
}

namespace {

bool comes_before(const LoadedSidecar* left, const LoadedSidecar* right) {
  const auto key = [](const LoadedSidecar& sidecar) {
    return std::tie(sidecar.record.test_name, sidecar.record.run_id, sidecar.path);
  };
  return key(*left) < key(*right);
}

FieldCount count(const NullableField& field, const std::vector<LoadedSidecar>& sidecars) {
  FieldCount result{&field};
  for (const LoadedSidecar& sidecar : sidecars) {
    ++(field.is_none(sidecar.record) ? result.none : result.some);
  }
  return result;
}

}  // namespace

BudgetState budget_state(const Record& record) {
  if (record.cpu_budget == 0) return BudgetState::not_booted;
  if (record.vcpus == 0) return BudgetState::malformed;
  return record.cpu_budget < record.vcpus ? BudgetState::overcommitted : BudgetState::plain;
}

SidecarExplanation explain(const Collection& collection) {
  SidecarExplanation result;
  result.walked =
      collection.sidecars.size() + collection.parse_errors.size() + collection.io_errors.size();
  for (const LoadedSidecar& sidecar : collection.sidecars) {
    result.sidecars.push_back(&sidecar);
    const bool is_over = budget_state(sidecar.record) == BudgetState::overcommitted;
    result.overcommitted += is_over ? 1 : 0;
  }
  std::sort(result.sidecars.begin(), result.sidecars.end(), comes_before);
  for (const NullableField& field : nullable_fields()) {
    result.fields.push_back(count(field, collection.sidecars));
  }
  return result;
}

}  // namespace ktstr
