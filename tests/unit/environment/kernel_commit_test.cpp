// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "ktstr/kernel.hpp"
#include "unit/environment/git_sandbox.hpp"
#include "unit/environment/metadata_text.hpp"
#include "unit/environment/variables_of.hpp"

namespace ktstr::test {
namespace {

class KernelCommit : public GitSandbox {
 protected:
  KernelCommit() { make_repository("linux"); }

  std::optional<std::string> commit(std::map<std::string, std::string> values) const {
    values.try_emplace("KTSTR_CACHE_DIR", path("cache"));
    return kernel_commit_for_sidecar(variables_of(std::move(values)));
  }
};

TEST_F(KernelCommit, IsTheStatedOneBeforeTheTreesOwn) {
  EXPECT_EQ(commit({{"KTSTR_KERNEL", path("linux")},
                    {"KTSTR_KERNEL_COMMIT", path("linux") + "=1234567"}}),
            "1234567");
}

TEST_F(KernelCommit, IsTheTreesOwnWhenNoneIsStatedForIt) {
  EXPECT_EQ(commit({{"KTSTR_KERNEL", path("linux")}, {"KTSTR_KERNEL_COMMIT", "/other=1234567"}}),
            head("linux"));
  EXPECT_EQ(commit({{"KTSTR_KERNEL", path("linux")}, {"KTSTR_KERNEL_COMMIT", path("linux") + "="}}),
            head("linux"));
}

TEST_F(KernelCommit, IsOfTheTreeThatABuildWasMadeFrom) {
  write("build/metadata.json", MetadataText().with_local_source(path("linux")).text());
  EXPECT_EQ(commit({{"KTSTR_KERNEL", path("build")}}), head("linux"));
}

TEST_F(KernelCommit, IsOfTheCachesTreeForAVersion) {
  write("cache/local-x/metadata.json", MetadataText().with_local_source(path("linux")).text());
  write("cache/local-x/bzImage", "");
  EXPECT_EQ(commit({{"KTSTR_KERNEL", "6.14.2"}}), head("linux"));
}

TEST_F(KernelCommit, IsNoneForAKernelWithoutATree) {
  EXPECT_EQ(commit({}), std::nullopt);
  EXPECT_EQ(commit({{"KTSTR_KERNEL", "6.10..6.12"}}), std::nullopt);
  EXPECT_EQ(commit({{"KTSTR_KERNEL", path("nowhere")}}), std::nullopt);
}

}  // namespace
}  // namespace ktstr::test
