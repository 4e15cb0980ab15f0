// SPDX-License-Identifier: MIT
#include <iterator>
#include <set>
#include <vector>

#include "report/explanation.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

/// "0-3,6"
std::string cpu_ranges(const std::set<std::uint64_t>& cpus) {
  std::string out;
  for (auto first = cpus.begin(); first != cpus.end();) {
    auto last = first;
    auto next = std::next(first);
    while (next != cpus.end() && *next - *last == 1) last = next++;
    out += (out.empty() ? "" : ",") + std::to_string(*first);
    if (last != first) out += "-" + std::to_string(*last);
    first = next;
  }
  return out;
}

std::string budget_text(const Record& record) {
  const std::string budget = std::to_string(record.cpu_budget);
  std::string both = budget + " / " + std::to_string(record.vcpus) + " vcpus";
  switch (budget_state(record)) {
    case BudgetState::not_booted:
      return "- (skipped, no guest was booted)";
    case BudgetState::malformed:
      return budget + " (malformed: a budget, but vcpus is 0)";
    case BudgetState::overcommitted:
      return both + " (OVERCOMMIT)";
    case BudgetState::plain:
      return both;
  }
  return {};
}

std::string facts_of(const Record& record) {
  const Verdict verdict = verdict_of(record.passed, record.skipped, record.inconclusive);
  std::string out = "test: " + printable(record.test_name) + "\n";
  const auto add = [&out](const char* name, const std::string& value) {
    out += std::string("  ") + name + ": " + value + "\n";
  };
  add("topology", printable(record.topology));
  add("scheduler", printable(record.scheduler));
  add("verdict", verdict_name(verdict));
  add("run_id", printable(record.run_id));
  add("arch", record.host && record.host->arch ? printable(*record.host->arch) : "-");
  add("cpu_budget", budget_text(record));
  for (const CgroupStats& cgroup : record.stats.cgroups) {
    if (cgroup.cpus_used.empty()) continue;
    const std::string name =
        cgroup.cgroup_name.empty() ? "(unnamed)" : printable(cgroup.cgroup_name);
    out += "  cgroup " + name + ": cpus " + cpu_ranges(cgroup.cpus_used) + "\n";
  }
  return out;
}

std::string populated_line(const std::vector<const NullableField*>& fields) {
  std::string names;
  for (const NullableField* field : fields) {
    names += (names.empty() ? "" : ", ") + std::string(field->name);
  }
  return "  populated optional fields (" + std::to_string(fields.size()) +
         "): " + (names.empty() ? "<none>" : names) + "\n";
}

std::string none_block(const std::vector<const NullableField*>& fields) {
  if (fields.empty()) return "  none fields: <all populated>\n";
  std::string out = "  none fields (" + std::to_string(fields.size()) + "):\n";
  for (const NullableField* field : fields) {
    out += "    " + std::string(field->name) + " [" + std::string(classification(*field)) + "]\n";
    for (const std::string_view cause : field->causes)
      out += "      - " + std::string(cause) + "\n";
    if (!field->fix.empty()) out += "      fix: " + std::string(field->fix) + "\n";
  }
  return out;
}

std::string sidecar_block(const Record& record) {
  std::vector<const NullableField*> populated;
  std::vector<const NullableField*> none;
  for (const NullableField& field : nullable_fields()) {
    (field.is_none(record) ? none : populated).push_back(&field);
  }
  return facts_of(record) + populated_line(populated) + none_block(none) + "\n";
}

std::string heading(const char* name, std::size_t count) {
  return std::string(name) + " (" + std::to_string(count) + "):\n";
}

template <typename FileError>
std::string error_lines(const FileError& error) {
  return "  " + printable(error.path) + "\n    error: " + printable(error.raw_error) + "\n";
}

std::string corrupt_block(const std::vector<SidecarParseError>& errors) {
  if (errors.empty()) return {};
  std::string out = heading("corrupt sidecars", errors.size());
  for (const SidecarParseError& error : errors) {
    out += error_lines(error);
    if (error.enriched_message) {
      out += "    enriched: " + printable(*error.enriched_message) + "\n";
    }
  }
  return out + "\n";
}

std::string io_block(const std::vector<SidecarIoError>& errors) {
  if (errors.empty()) return {};
  std::string out = heading("io errors", errors.size());
  for (const SidecarIoError& error : errors) out += error_lines(error);
  return out + "\n";
}

}  // namespace

std::string explanation_text(const Collection& collection, const SidecarExplanation& explanation) {
  std::string out = "walked " + std::to_string(explanation.walked) + " sidecar file(s), parsed " +
                    std::to_string(collection.sidecars.size()) + " valid\n\n";
  for (const LoadedSidecar* sidecar : explanation.sidecars) out += sidecar_block(sidecar->record);
  return out + corrupt_block(collection.parse_errors) + io_block(collection.io_errors);
}

}  // namespace ktstr
