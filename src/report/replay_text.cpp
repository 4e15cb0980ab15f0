// SPDX-License-Identifier: MIT
#include "report/replay_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "report/host_differences_document.hpp"
#include "report/nextest_filter.hpp"

namespace ktstr {
namespace {

std::string shown(std::string_view text) { return escape_control(lossy_utf8(text)); }

std::string counted(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string directories(const ResultScope& scope) {
  return counted(scope.run_dirs.size(), "run directory", "run directories");
}

struct OutcomeName {
  ReplayOutcome outcome;
  const char* name;
};
// In the order of the count line.
constexpr std::array<OutcomeName, 5> k_outcomes = {{{ReplayOutcome::fixed, "FIXED"},
                                                    {ReplayOutcome::persistent, "PERSISTENT"},
                                                    {ReplayOutcome::inconclusive, "INCONCLUSIVE"},
                                                    {ReplayOutcome::mixed, "MIXED"},
                                                    {ReplayOutcome::dropped, "DROPPED"}}};

std::string mixed_reason(const VerdictCounts& counts) {
  std::string text = fmt::format("{} variant(s) fixed, {} still failing, {} inconclusive",
                                 counts.pass, counts.fail, counts.inconclusive);
  if (counts.skip > 0) text += fmt::format(", {} skipped", counts.skip);
  return text;
}

std::string reason(const ReplayedTest& test) {
  switch (test.outcome) {
    case ReplayOutcome::fixed:
      return {};
    case ReplayOutcome::persistent:
      return test.counts.fail == 0 ? "skipped this time" : "still failing";
    case ReplayOutcome::inconclusive:
      return "nothing could be measured, so neither fixed nor failing";
    case ReplayOutcome::mixed:
      return mixed_reason(test.counts);
    case ReplayOutcome::dropped:
      return "not run: removed, filtered out, or nextest stopped before it";
  }
  return {};
}

const char* drift_state(const HostDrift& drift) {
  if (!drift.is_captured) return "none";
  return drift.differences.empty() ? "unchanged" : "changed";
}

std::string left_in_jobs_text(std::int64_t count) {
  if (count == 0) return {};
  return "; " + failed_tests_text(static_cast<std::size_t>(count)) +
         " in job directories, which belong to no session, " + (count == 1 ? "is" : "are") +
         " left out; --all takes " + (count == 1 ? "it" : "them");
}

}  // namespace

std::string scope_text(const FailedTests& failed) {
  const ResultScope& scope = failed.scope;
  if (scope.is_whole_pool) return "the whole pool, " + directories(scope);
  if (scope.session) {
    return "last session " + shown(*scope.session) + ", " + directories(scope) +
           left_in_jobs_text(failed.left_in_jobs);
  }
  return "run directory " + shown(scope.run_dirs.front()) + ", which has no session token";
}

std::string nothing_to_replay_text(const FailedTests& failed,
                                   const std::optional<std::string>& substring) {
  if (failed.names.size() == 1) {
    return fmt::format("the one failed test has a name without '{}'; the filter matches nothing",
                       shown(substring.value_or("")));
  }
  if (!failed.names.empty()) {
    return fmt::format("none of the {} has a name that contains '{}'; the filter matches nothing",
                       failed_tests_text(failed.names.size()), shown(substring.value_or("")));
  }
  std::string text = failed.scope_results == 0
                         ? "there are no results there"
                         : fmt::format("no failures among {}",
                                       counted(static_cast<std::size_t>(failed.scope_results),
                                               "result", "results"));
  text += ", so the filter matches nothing";
  if (!failed.scope.is_whole_pool) text += "; --all looks at every run directory";
  return text;
}

std::string to_replay_text(std::size_t count) {
  return fmt::format(
      "{}; --exec runs {}, and so does the filter in: ktstr-index run -- cargo nextest run -E "
      "FILTER",
      failed_tests_text(count), count == 1 ? "it" : "them");
}

std::string failed_tests_text(std::size_t count) {
  return counted(count, "failed test", "failed tests");
}

std::string replaced_text(const OlderResults& older, const std::string& run_dir) {
  const std::string whose =
      older.session ? "results of session " + shown(*older.session) : "results without a session";
  return whose + " in " + shown(run_dir) + " will be replaced";
}

std::string outcome_text(const std::vector<ReplayedTest>& tests) {
  std::string text;
  for (const OutcomeName& kind : k_outcomes) {
    const auto count = std::count_if(tests.begin(), tests.end(), [&](const ReplayedTest& test) {
      return test.outcome == kind.outcome;
    });
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, kind.name);
  }
  for (const ReplayedTest& test : tests) {
    if (test.outcome == ReplayOutcome::fixed) continue;
    const char* name = k_outcomes.at(static_cast<std::size_t>(test.outcome)).name;
    text += fmt::format("\n  {} {} ({})", name, shown(test.name), reason(test));
  }
  return text;
}

std::string drift_text(const HostDrift& drift) {
  if (!drift.is_captured) return "(no host context captured)";
  if (drift.differences.empty()) return "(host context unchanged since capture)";
  std::string text =
      "host context drift since capture:\n" + host_differences_text(condensed(drift.differences));
  text.pop_back();
  return text;
}

JsonObject replay_document(const ResultScope& scope, const std::vector<std::string>& names,
                           const HostDrift& drift) {
  JsonObject scope_object;
  scope_object.add("session", scope.session).add("run_dirs", json_array(scope.run_dirs));
  JsonObject host;
  host.add("state", drift_state(drift))
      .add("differences", host_differences_document(drift.differences));
  JsonObject document;
  document.add("filter", nextest_filter(names)).add("tests", json_array(names));
  document.add("scope", std::move(scope_object)).add("host", std::move(host));
  return document;
}

}  // namespace ktstr
