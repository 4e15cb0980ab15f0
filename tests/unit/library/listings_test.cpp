// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>

#include "ktstr/host.hpp"
#include "ktstr/index.hpp"
#include "ktstr/protocol.hpp"
#include "record/metric_registry.hpp"
#include "support/small_records.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

constexpr const char* k_old = "6.12.1-abc1234";
constexpr const char* k_new = "6.14.2-abc1234";

HostContext small_host(const std::string& cpu_model) {
  HostContext host;
  host.cpu_model = cpu_model;
  host.arch = "x86_64";
  return host;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Sets XDG_CACHE_HOME while it lives.
class CacheHome {
 public:
  explicit CacheHome(const std::string& path) : before_(process_variables()(k_name)) {
    ::setenv(k_name, path.c_str(), 1);
  }
  CacheHome(const CacheHome&) = delete;
  CacheHome& operator=(const CacheHome&) = delete;
  ~CacheHome() {
    if (before_) {
      ::setenv(k_name, before_->c_str(), 1);
    } else {
      ::unsetenv(k_name);
    }
  }

 private:
  static constexpr const char* k_name = "XDG_CACHE_HOME";
  std::optional<std::string> before_;
};

/// A runs root below a temporary directory, and what its listings said besides their answers.
class ListingsOfAPool : public ::testing::Test {
 protected:
  ListingsOfAPool() {
    options_.root = directory_.path("runs");
    options_.catalog = directory_.path("catalog.sqlite3");
    options_.messages = [this](std::string_view line) { said_.emplace_back(line); };
  }

  void put(const std::string& run, const Record& record) {
    directory_.write("runs/" + run + "/" + record.test_name + "-0000000000000001.ktstr.json",
                     encode_record(record));
  }
  void put_passed(const std::string& run, const std::string& test) { put(run, small_record(test)); }
  void put_failed(const std::string& run, const std::string& test,
                  const std::optional<std::string>& host = std::nullopt) {
    Record record = small_record(test);
    record.passed = false;
    if (host) record.host = small_host(*host);
    put(run, record);
  }
  /// Makes `run` the one that was changed last, or `hours` before that.
  void change_last(const std::string& run, int hours_ago = 0) {
    std::filesystem::last_write_time(
        directory_.path("runs/" + run),
        std::filesystem::file_time_type::clock::now() - std::chrono::hours(1 + hours_ago));
  }
  void put_two_runs() {
    put_failed(k_old, "old_failure");
    put_failed(k_new, "wake_failure", "CPU of the new run");
    put_failed(k_new, "other_failure");
    put_passed(k_new, "success");
    change_last(k_old, 1);
    change_last(k_new);
  }
  [[nodiscard]] std::map<std::string, std::filesystem::file_time_type> content() const {
    std::map<std::string, std::filesystem::file_time_type> found;
    found["."] = std::filesystem::last_write_time(*options_.root);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*options_.root)) {
      found[entry.path().string()] = entry.last_write_time();
    }
    return found;
  }
  [[nodiscard]] std::string said() const {
    std::string all;
    for (const std::string& line : said_) all += line + "\n";
    return all;
  }

  TemporaryDirectory directory_;
  ListingOptions options_;
  std::vector<std::string> said_;
};

TEST_F(ListingsOfAPool, HaveABlockOfValuesForEachDimension) {
  put_two_runs();
  const auto values = list_values(options_);
  ASSERT_TRUE(values) << values.error().text();
  EXPECT_TRUE(values->starts_with("kernel:\n  6.14.2\n\ncommit:\n  abc1234\n\n")) << *values;
  EXPECT_TRUE(contains(*values, "work_type:\n  SpinWait\n\n")) << *values;
  EXPECT_EQ(said(), "");
}

TEST_F(ListingsOfAPool, HaveTheValuesAsADocument) {
  put_two_runs();
  const auto values = list_values(options_, ListingForm::json);
  ASSERT_TRUE(values) << values.error().text();
  EXPECT_TRUE(values->starts_with("{")) << *values;
  EXPECT_TRUE(contains(*values, "\"scheduler\"")) << *values;
  EXPECT_TRUE(values->ends_with("}\n")) << *values;
}

TEST_F(ListingsOfAPool, SeeAResultThatCameSinceTheLastOne) {
  put_two_runs();
  ASSERT_TRUE(list_values(options_));
  Record late = small_record("late");
  late.scheduler = "scx_late";
  put(k_new, late);
  EXPECT_TRUE(contains(list_values(options_).value(), "  scx_late\n"));
}

TEST_F(ListingsOfAPool, SayWhatTheyLeaveOut) {
  put_passed(k_new, "good");
  directory_.write(std::string("runs/") + k_new + "/bad-0000000000000001.ktstr.json", k_corrupt);
  ASSERT_TRUE(list_values(options_));
  EXPECT_EQ(said(), "not in this answer: 1 corrupt\n");
}

TEST_F(ListingsOfAPool, HaveNoValuesWithoutARootAndSayWhy) {
  const auto values = list_values(options_);
  ASSERT_TRUE(values) << values.error().text();
  EXPECT_TRUE(values->starts_with("kernel:\n  (no sidecars in pool)\n\n")) << *values;
  EXPECT_TRUE(contains(said(), "no such runs root")) << said();
  EXPECT_FALSE(std::filesystem::exists(*options_.root));
}

TEST_F(ListingsOfAPool, CallEverySourceOfAnArchiveArchive) {
  Record record = small_record("a");
  record.run_source = "ci";
  put(k_new, record);
  EXPECT_TRUE(contains(list_values(options_).value(), "\nsource:\n  ci\n\n"));
  options_.is_archive = true;
  EXPECT_TRUE(contains(list_values(options_).value(), "\nsource:\n  archive\n\n"));
}

TEST_F(ListingsOfAPool, LeaveAnArchiveAsItWas) {
  put_two_runs();
  const CacheHome cache(directory_.path("cache"));
  options_.catalog = std::nullopt;  // which leaves it to the rule for archives
  options_.is_archive = true;
  const auto before = content();
  EXPECT_TRUE(list_values(options_));
  EXPECT_TRUE(show_host(k_new, options_));
  EXPECT_TRUE(explain_sidecar(k_new, options_));
  EXPECT_TRUE(last_run({}, options_));
  EXPECT_TRUE(failed_tests({}, options_));
  EXPECT_EQ(content(), before);
  EXPECT_TRUE(std::filesystem::exists(directory_.path("cache/ktstr-index")));
}

TEST(ListMetrics, HasAHeadingAndALineForEachMetric) {
  const std::string table = list_metrics();
  EXPECT_TRUE(contains(table.substr(0, table.find('\n')), "DEFAULT_ABS")) << table;
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'),
            static_cast<std::ptrdiff_t>(metric_registry().size()) + 1);
  EXPECT_TRUE(contains(table, "\nworst_spread ")) << table;
  EXPECT_TRUE(table.ends_with("\n"));
}

TEST(ListMetrics, IsAnArrayAsADocument) {
  const std::string document = list_metrics(ListingForm::json);
  EXPECT_TRUE(document.starts_with("[")) << document;
  EXPECT_TRUE(contains(document, "\"worst_spread\"")) << document;
  EXPECT_TRUE(document.ends_with("]\n")) << document;
}

TEST_F(ListingsOfAPool, ShowTheHostOfARun) {
  put_two_runs();
  const auto host = recorded_host(k_new, options_);
  ASSERT_TRUE(host) << host.error().text();
  EXPECT_EQ(host->cpu_model, "CPU of the new run");
  EXPECT_EQ(show_host(k_new, options_).value(), host_text(*host));
  const auto document = show_host(k_new, options_, ListingForm::json);
  EXPECT_TRUE(contains(document.value(), std::string("\"run\": \"") + k_new + "\"")) << *document;
}

TEST_F(ListingsOfAPool, ShowThisMachineWithoutAskingThePool) {
  const auto text = show_host(std::nullopt, options_);
  ASSERT_TRUE(text) << text.error().text();
  EXPECT_TRUE(contains(*text, "arch: ")) << *text;
  EXPECT_TRUE(
      contains(show_host(std::nullopt, options_, ListingForm::json).value(), "\"run\": null"));
}

TEST_F(ListingsOfAPool, SayThatAResultsHostIsOneOfSeveral) {
  put_failed(k_new, "a", "CPU of a");
  put_failed(k_new, "b", "CPU of b");
  EXPECT_EQ(recorded_host(k_new, options_).value().cpu_model, "CPU of a");
  EXPECT_TRUE(contains(said(), "results from 2 different hosts; this is that of a")) << said();
}

TEST_F(ListingsOfAPool, RefuseTheHostOfARunThatHasNone) {
  put_two_runs();
  const auto host = show_host(k_old, options_);
  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::not_found);
  EXPECT_TRUE(contains(host.error().message, "none of the 1 sidecar(s)")) << host.error().message;
}

TEST_F(ListingsOfAPool, SuggestARunForANameThatNoneHas) {
  put_two_runs();
  const std::string misspelt = "6.14.2-abc1243";
  for (const Error& error :
       {show_host(misspelt, options_).error(), explain_sidecar(misspelt, options_).error(),
        last_run({misspelt, {}}, options_).error()}) {
    EXPECT_EQ(error.code, ErrorCode::usage);
    EXPECT_TRUE(contains(error.hint, std::string("did you mean ") + k_new)) << error.hint;
  }
}

TEST_F(ListingsOfAPool, ExplainTheNullFieldsOfARun) {
  put_two_runs();
  const auto text = explain_sidecar(k_old, options_);
  ASSERT_TRUE(text) << text.error().text();
  EXPECT_TRUE(contains(*text, "old_failure")) << *text;
  EXPECT_FALSE(contains(*text, "wake_failure")) << *text;
  const auto document = explain_sidecar(k_old, options_, ListingForm::json);
  EXPECT_TRUE(contains(document.value(), "\"_walk\"")) << *document;
}

TEST_F(ListingsOfAPool, DoNotExplainARunWithoutSidecars) {
  std::filesystem::create_directories(*options_.root + "/" + k_new);
  const auto text = explain_sidecar(k_new, options_);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::not_found);
}

TEST_F(ListingsOfAPool, ReportTheRunThatWasChangedLast) {
  put_two_runs();
  const auto newest = last_run({}, options_);
  ASSERT_TRUE(newest) << newest.error().text();
  EXPECT_TRUE(contains(*newest, "wake_failure")) << *newest;
  EXPECT_FALSE(contains(*newest, "old_failure")) << *newest;
  EXPECT_EQ(*newest, last_run({k_new, {}}, options_).value());
}

TEST_F(ListingsOfAPool, ReportTheNewestRunOfAKernel) {
  put_two_runs();
  const auto report = last_run({{}, "6.12"}, options_);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_TRUE(contains(*report, "old_failure")) << *report;
}

TEST_F(ListingsOfAPool, ReportADirectoryByItsPath) {
  put_two_runs();
  const std::string path = *options_.root + "/" + k_old;
  const auto report = last_run({path, {}}, options_);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(*report, last_run({k_old, {}}, options_).value());
  const auto missing = last_run({path + "-missing", {}}, options_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::usage);
}

TEST_F(ListingsOfAPool, ReportTheRunWithItsPathAsADocument) {
  put_two_runs();
  const auto document = last_run({k_old, {}}, options_, ListingForm::json);
  ASSERT_TRUE(document) << document.error().text();
  EXPECT_TRUE(contains(*document, std::string("\"run_dir\": \"") + k_old + "\"")) << *document;
}

TEST_F(ListingsOfAPool, ReportNothingOfAKernelWithoutRuns) {
  put_two_runs();
  EXPECT_EQ(last_run({{}, "6.9"}, options_).value(), "");
  EXPECT_TRUE(contains(said(), "no run directory of kernel '6.9'")) << said();
}

TEST_F(ListingsOfAPool, ReportNothingWithoutARoot) {
  EXPECT_EQ(last_run({}, options_).value(), "");
  EXPECT_TRUE(contains(said(), "no such runs root")) << said();
}

TEST_F(ListingsOfAPool, RefuseANamedRunWithoutARoot) {
  const auto report = last_run({k_new, {}}, options_);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::not_found);
}

TEST_F(ListingsOfAPool, EscapeForeignNamesInWhatTheySay) {
  std::filesystem::create_directories(*options_.root + "/6.14.2-\x1b[31m");
  EXPECT_EQ(last_run({}, options_).value(), "");
  EXPECT_TRUE(contains(said(), "no results in 6.14.2-\\x1b[31m")) << said();
}

TEST_F(ListingsOfAPool, TakeTheFailuresOfTheLastSession) {
  put_two_runs();
  const auto chosen = failed_tests({}, options_);
  ASSERT_TRUE(chosen) << chosen.error().text();
  EXPECT_EQ(chosen->tests, (std::vector<std::string>{"other_failure", "wake_failure"}));
  EXPECT_TRUE(contains(chosen->filter, "wake_failure")) << chosen->filter;
}

TEST_F(ListingsOfAPool, TakeTheFailuresOfEveryRunIfAsked) {
  put_two_runs();
  const auto chosen = failed_tests({true, {}}, options_);
  ASSERT_TRUE(chosen) << chosen.error().text();
  EXPECT_EQ(chosen->tests,
            (std::vector<std::string>{"old_failure", "other_failure", "wake_failure"}));
}

TEST_F(ListingsOfAPool, TakeOnlyTheFailuresWhoseNameContainsTheText) {
  put_two_runs();
  EXPECT_EQ(failed_tests({false, "wake"}, options_).value().tests,
            (std::vector<std::string>{"wake_failure"}));
}

TEST_F(ListingsOfAPool, HaveAFilterThatMatchesNothingIfNothingFailed) {
  put_passed(k_new, "success");
  const auto chosen = failed_tests({}, options_);
  ASSERT_TRUE(chosen) << chosen.error().text();
  EXPECT_TRUE(chosen->tests.empty());
  EXPECT_EQ(chosen->filter, "test(/^__ktstr_no_failures_to_replay__$/)");
}

TEST_F(ListingsOfAPool, HaveNothingToReplayWithoutResults) {
  std::filesystem::create_directories(*options_.root);
  const auto chosen = failed_tests({}, options_);
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace ktstr::test
