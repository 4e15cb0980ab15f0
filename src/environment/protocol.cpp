// SPDX-License-Identifier: MIT
#include "environment/protocol.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <numeric>
#include <string_view>

#include "base/visible_text.hpp"
#include "environment/places.hpp"
#include "ktstr/protocol.hpp"
#include "ktstr/record.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_digits = 8;
constexpr const char* k_flag = "--kconfig-suffix";
constexpr const char* k_variable = "KTSTR_KCONFIG_SUFFIX";

Result<std::optional<KconfigSetting>> checked(const std::string& suffix, const char* from) {
  if (suffix.size() == k_digits &&
      suffix.find_first_not_of("0123456789abcdef") == std::string::npos) {
    return KconfigSetting{suffix, from};
  }
  return fail(ErrorCode::usage,
              std::string(from) + ": '" + escape_control(suffix) + "' is no kconfig suffix", {},
              "it is the CRC-32 of the harness's ktstr.kconfig in 8 lower-case hex digits, as "
              "cache keys have it after -kc");
}

}  // namespace

Result<std::optional<KconfigSetting>> stated_kconfig_suffix(const std::optional<std::string>& flag,
                                                            const Variables& variables) {
  if (flag) return checked(*flag, k_flag);
  if (const auto suffix = non_empty(variables, k_variable)) return checked(*suffix, k_variable);
  return std::nullopt;
}

std::optional<std::string> lenient_kconfig_suffix(const Variables& variables) {
  const auto stated = stated_kconfig_suffix(std::nullopt, variables);
  return stated && *stated ? std::optional((*stated)->suffix) : std::nullopt;
}

SchedulerFingerprint scheduler_fingerprint(const SchedulerDeclaration& declaration) {
  SchedulerFingerprint fingerprint;
  fingerprint.scheduler = declaration.name;
  for (const auto& [key, value] : declaration.sysctls) {
    std::string line = "sysctl.";
    line += key;
    line += '=';
    line += value;
    fingerprint.sysctls.push_back(std::move(line));
  }
  fingerprint.kargs = declaration.kargs;
  return fingerprint;
}

std::uint64_t variant_hash_of(const Topology& topology, const SchedulerFingerprint& fingerprint,
                              const std::optional<std::string>& payload,
                              const std::string& work_type) {
  VariantParts parts;
  parts.topology = topology.label();
  parts.scheduler = fingerprint.scheduler;
  parts.payload = payload;
  parts.work_type = work_type;
  parts.sysctls = fingerprint.sysctls;
  parts.kargs = fingerprint.kargs;
  return variant_hash(parts);
}

std::string work_type_of_arguments(const std::vector<std::string>& arguments) {
  constexpr std::string_view k_option = "--ktstr-work-type=";
  for (const std::string& argument : arguments) {
    if (argument.compare(0, k_option.size(), k_option) == 0) {
      return argument.substr(k_option.size());
    }
  }
  return k_default_work_type;
}

namespace {

/// Digits with at most one plus sign in front; not 0.
std::optional<std::uint32_t> parse_count(std::string_view digits) {
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  std::uint32_t count = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, count);
  if (error != std::errc() || stop != end || count == 0) return std::nullopt;
  return count;
}

}  // namespace

std::string Topology::label() const {
  return std::to_string(numa_nodes) + "n" + std::to_string(llcs) + "l" +
         std::to_string(cores_per_llc) + "c" + std::to_string(threads_per_core) + "t";
}

std::uint64_t Topology::total_cpus() const {
  const std::uint64_t cores = std::uint64_t{llcs} * cores_per_llc;  // 64 bits hold it
  constexpr std::uint64_t k_most = std::numeric_limits<std::uint64_t>::max();
  if (threads_per_core != 0 && cores > k_most / threads_per_core) return k_most;
  return cores * threads_per_core;
}

std::optional<Topology> parse_topology(std::string_view label) {
  std::array<std::uint32_t, 4> counts = {};
  std::size_t start = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    // The first of its kind in the whole label: one that comes earlier breaks the order.
    const std::size_t end = label.find("nlct"[i]);
    if (end == std::string_view::npos || end < start) return std::nullopt;
    const auto count = parse_count(label.substr(start, end - start));
    if (!count) return std::nullopt;
    counts[i] = *count;
    start = end + 1;
  }
  if (start != label.size()) return std::nullopt;
  return Topology{counts[0], counts[1], counts[2], counts[3]};
}

Result<void> validate_topology(const Topology& topology,
                               const std::vector<std::uint32_t>& llcs_per_node) {
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorCode::usage, "topology " + topology.label() + ": " + why);
  };
  if (topology.numa_nodes == 0 || topology.llcs == 0 || topology.cores_per_llc == 0 ||
      topology.threads_per_core == 0) {
    return refuse("no part may be 0");
  }
  if (llcs_per_node.empty()) {
    if (topology.llcs % topology.numa_nodes != 0) {
      return refuse("the LLCs don't divide evenly among the NUMA nodes");
    }
  } else if (std::accumulate(llcs_per_node.begin(), llcs_per_node.end(), std::uint64_t{0}) !=
             topology.llcs) {
    return refuse("the LLCs of the NUMA nodes don't add up to all");
  }
  if (topology.total_cpus() > std::numeric_limits<std::uint32_t>::max()) {
    return refuse("more CPUs than 32 bits can count");
  }
  return {};
}

namespace {

/// How much a verdict says against the others.
int weight(Verdict verdict) {
  switch (verdict) {
    case Verdict::skip:
      return 0;
    case Verdict::pass:
      return 1;
    case Verdict::inconclusive:
      return 2;
    case Verdict::fail:
      return 3;
  }
  return 3;
}

}  // namespace

Outcome merge(const Outcome& left, const Outcome& right) {
  return weight(right.verdict) > weight(left.verdict) ? right : left;
}

Outcome terminal_outcome(const std::vector<Outcome>& outcomes) {
  const auto first = [&](Verdict verdict) {
    return std::find_if(outcomes.begin(), outcomes.end(),
                        [&](const Outcome& outcome) { return outcome.verdict == verdict; });
  };
  for (const Verdict verdict : {Verdict::fail, Verdict::inconclusive}) {
    if (const auto found = first(verdict); found != outcomes.end()) return *found;
  }
  const bool all_skip = std::all_of(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
    return outcome.verdict == Verdict::skip;
  });
  return all_skip && !outcomes.empty() ? outcomes.front() : Outcome{};
}

int verdict_exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
    case Verdict::skip:
      return 0;
    case Verdict::inconclusive:
      return 2;
    case Verdict::fail:
      return 1;
  }
  return 1;
}

bool no_skip_mode(const Variables& variables) {
  return variables("KTSTR_NO_SKIP_MODE").has_value();
}

Verdict final_verdict(Verdict raw, const VerdictPolicy& policy) {
  if (raw == Verdict::skip) return Verdict::skip;
  if (policy.expect_error) return Verdict::fail;
  if (raw == Verdict::inconclusive && !policy.allow_inconclusive) return Verdict::inconclusive;
  return Verdict::pass;
}

Verdict final_verdict(const RunFailure& failure, const VerdictPolicy& policy) {
  if (failure.host == HostInsufficiency::skip) return Verdict::skip;
  if (failure.host == HostInsufficiency::fail) return Verdict::fail;
  // These count even where an error was expected: it was not this one.
  if (failure.host_check_failed || failure.scheduler_build_refused || failure.storm_not_survived) {
    return Verdict::fail;
  }
  if (failure.auto_repro_satisfied) return Verdict::pass;
  return policy.expect_error && !failure.error_mismatch ? Verdict::pass : Verdict::fail;
}

VerdictBits verdict_bits(Verdict verdict) {
  VerdictBits bits;
  bits.passed = verdict == Verdict::pass;
  bits.skipped = verdict == Verdict::skip;
  bits.inconclusive = verdict == Verdict::inconclusive;
  return bits;
}

VerdictBits verdict_bits(const Record& record) {
  return {record.passed, record.skipped, record.inconclusive, record.expected_failure};
}

VerdictBits finalized_bits(const VerdictBits& raw, Verdict final_verdict) {
  const bool failed = raw.inconclusive || (!raw.passed && !raw.skipped);
  VerdictBits bits = verdict_bits(final_verdict);
  bits.expected_failure = failed && (bits.passed || bits.skipped);
  return bits;
}

}  // namespace ktstr
