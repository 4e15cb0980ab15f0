// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <map>

#include "environment/run_directory.hpp"
#include "support/temporary_directory.hpp"
#include "unit/environment/metadata_text.hpp"
#include "unit/environment/variables_of.hpp"

namespace ktstr {
namespace {

using test::MetadataText;
using test::variables_of;

/// Facts of an environment, with probes that ask no repository.
class RunFacts : public ::testing::Test {
 protected:
  RunFacts() {
    options_.working_directory = "/here";
    options_.project_commit = [](const Variables& variables) {
      const auto stated = variables("KTSTR_PROJECT_COMMIT");
      return stated ? stated : std::optional<std::string>("abc1234");
    };
    options_.kernel_commit = [this](const std::string& directory) -> std::optional<std::string> {
      probed_.push_back(directory);
      return "fed9876";
    };
  }
  void find(std::map<std::string, std::string> variables) {
    variables.emplace("HOME", "/home/u");
    facts_ = run_facts(variables_of(std::move(variables)), options_);
  }
  [[nodiscard]] RunFact fact(const std::string& name) const {
    for (const RunFact& fact : facts_) {
      if (fact.name == name) return fact;
    }
    ADD_FAILURE() << "no fact " << name;
    return {};
  }
  void expect(const std::string& name, const std::optional<std::string>& value,
              const std::string& from) const {
    EXPECT_EQ(fact(name).value, value) << name;
    EXPECT_EQ(fact(name).from, from) << name;
  }

  RunFactOptions options_;
  std::vector<std::string> probed_;
  std::vector<RunFact> facts_;
};

TEST_F(RunFacts, OfABareEnvironmentAreTheDefaults) {
  find({});
  expect("sidecar_dir", "/here/target/ktstr/unknown-abc1234", "the working directory");
  expect("run_dir", "unknown-abc1234", "kernel_version and project_commit");
  for (const char* name : {"kernel", "kernel_version", "kernel_source", "kernel_commit", "session",
                           "kconfig_suffix"}) {
    expect(name, std::nullopt, "");
  }
  expect("project_commit", "abc1234", "git");
  expect("kernel_cache", "/home/u/.cache/ktstr/kernels", "HOME");
  expect("run_source", "local", "default");
  EXPECT_EQ(probed_, std::vector<std::string>{});
}

TEST_F(RunFacts, NameTheVariablesThatTheyAreFrom) {
  options_.kconfig_suffix = KconfigSetting{"c0bd848c", "--kconfig-suffix"};
  find({{"KTSTR_RUNS_ROOT", "/runs"},
        {"KTSTR_KERNEL", " 6.14.2 "},
        {"KTSTR_KERNEL_COMMIT", "6.14.2=0123456"},
        {"KTSTR_PROJECT_COMMIT", "stated"},
        {"KTSTR_CACHE_DIR", "cache"},
        {"KTSTR_RUN_EPOCH", "1780000000000000000"},
        {"KTSTR_CI", "1"}});
  expect("sidecar_dir", "/runs/6.14.2-stated", "KTSTR_RUNS_ROOT");
  expect("kernel", "6.14.2", "KTSTR_KERNEL");
  expect("kernel_version", "6.14.2", "KTSTR_KERNEL");
  expect("kernel_source", std::nullopt, "");
  expect("kernel_commit", "0123456", "KTSTR_KERNEL_COMMIT");
  expect("project_commit", "stated", "KTSTR_PROJECT_COMMIT");
  expect("kernel_cache", "/here/cache", "KTSTR_CACHE_DIR");
  expect("session", "1780000000000000000", "KTSTR_RUN_EPOCH");
  expect("run_source", "ci", "KTSTR_CI");
  expect("kconfig_suffix", "c0bd848c", "--kconfig-suffix");
  EXPECT_EQ(probed_, std::vector<std::string>{});
}

TEST_F(RunFacts, ShowTheOverrideOfTheSidecarDirectory) {
  find({{"KTSTR_SIDECAR_DIR", "mine"}, {"KTSTR_RUNS_ROOT", "/runs"}});
  expect("sidecar_dir", "/here/mine", "KTSTR_SIDECAR_DIR");
}

TEST_F(RunFacts, AskGitAboutTheKernelsTreeAsTyped) {
  find({{"KTSTR_KERNEL", "../linux"}});
  expect("kernel_source", "/here/../linux", "KTSTR_KERNEL");
  expect("kernel_commit", "fed9876", "git");
  EXPECT_EQ(probed_, std::vector<std::string>{"../linux"});
}

TEST_F(RunFacts, NameTheTreeThatTheKernelsMetadataRecords) {
  const test::TemporaryDirectory directory;
  directory.write("kernel/metadata.json", MetadataText().with_local_source("/srv/linux").text());
  find({{"KTSTR_KERNEL", directory.path("kernel")}});
  expect("kernel_version", "6.14.2", "the kernel's directory");
  expect("kernel_source", "/srv/linux", "the kernel's metadata.json");
  EXPECT_EQ(probed_, std::vector<std::string>{"/srv/linux"});
}

TEST_F(RunFacts, NameTheTreeOfACacheEntry) {
  const test::TemporaryDirectory directory;
  directory.write("local-1/metadata.json", MetadataText().with_local_source("/srv/linux").text());
  directory.write("local-1/bzImage", "");
  find({{"KTSTR_KERNEL", "local-1"}, {"KTSTR_CACHE_DIR", directory.path()}});
  expect("kernel_version", "6.14.2", "the kernel cache");
  expect("kernel_source", "/srv/linux", "the kernel cache");
}

TEST_F(RunFacts, SayWhyThereIsNoKernelCache) {
  find({{"HOME", "relative"}});
  expect("kernel_cache", std::nullopt, "");
  EXPECT_NE(fact("kernel_cache").error.find("not an absolute path"), std::string::npos);
}

TEST_F(RunFacts, PreferTheCacheHomeToHome) {
  find({{"XDG_CACHE_HOME", "/x"}});
  expect("kernel_cache", "/x/ktstr/kernels", "XDG_CACHE_HOME");
}

}  // namespace
}  // namespace ktstr
