// SPDX-License-Identifier: MIT
#include "report/replay_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "report/documents.hpp"

namespace ktstr {
namespace {

// The regular expression stands between slashes, where nextest reads \/ as a slash.
constexpr std::string_view k_before = R"(test(/^(.*(::| ))?((ktstr|gauntlet)\/)?)";
constexpr std::string_view k_after = R"((\/.*)?$/))";
constexpr std::string_view k_nothing = "test(/^__ktstr_no_failures_to_replay__$/)";
constexpr std::string_view k_or = " | ";

// Anything in them would be lost on a terminal or change what one sees: soft hyphen, marks of
// direction and joining, separators, byte order mark, annotations, tags.
constexpr std::pair<char32_t, char32_t> k_invisible[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x200b, 0x200f},  {0x2028, 0x202e},
    {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};

bool is_invisible(char32_t code_point) {
  for (const auto& [first, last] : k_invisible) {
    if (code_point >= first && code_point <= last) return true;
  }
  return false;
}

bool is_special(char byte) {
  return std::string_view(R"(.*+?()[]{}^$|\/)").find(byte) != std::string_view::npos;
}

void append_by_number(std::string& out, char32_t code_point) {
  fmt::format_to(std::back_inserter(out), R"(\x{{{:x}}})", static_cast<std::uint32_t>(code_point));
}

/// The name as a regular expression that matches nothing else.
std::string escaped(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(name);
    const std::string_view bytes = name.substr(0, sequence.length);
    name.remove_prefix(sequence.length);
    if (!sequence.valid) {
      append_by_number(out, 0xfffd);
    } else if (is_invisible(sequence.code_point) || sequence.code_point == U'\'') {
      append_by_number(out, sequence.code_point);
    } else {
      if (is_special(bytes.front())) out += '\\';
      out += bytes;
    }
  }
  return out;
}

}  // namespace

std::string nextest_term(std::string_view test_name) {
  return std::string(k_before) + escaped(test_name) + std::string(k_after);
}

std::string nextest_filter(const std::vector<std::string>& test_names) {
  return nextest_filters(test_names, std::string::npos).front();
}

std::vector<std::string> nextest_filters(const std::vector<std::string>& test_names,
                                         std::size_t most_bytes) {
  if (test_names.empty()) return {std::string(k_nothing)};
  std::vector<std::string> filters;
  for (const std::string& name : test_names) {
    const std::string term = nextest_term(name);
    const bool fits = !filters.empty() && filters.back().size() + k_or.size() <= most_bytes &&
                      term.size() <= most_bytes - filters.back().size() - k_or.size();
    if (fits) {
      filters.back().append(k_or).append(term);
    } else {
      filters.push_back(term);
    }
  }
  return filters;
}

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
