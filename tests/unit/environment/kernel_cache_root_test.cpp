// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ktstr/kernel.hpp"
#include "unit/environment/variables_of.hpp"

namespace ktstr {
namespace {

using test::variables_of;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Values = std::map<std::string, std::string>;

std::string root_with(const Values& values) {
  return kernel_cache_root(variables_of(values)).value_or("an error");
}

Error error_with(const Values& values) {
  const auto root = kernel_cache_root(variables_of(values));
  return root ? Error{ErrorCode::io, "no error but " + *root} : root.error();
}

TEST(KernelCacheRoot, IsTheVariableAsItStands) {
  EXPECT_EQ(
      root_with({{"KTSTR_CACHE_DIR", "rel/ative "}, {"XDG_CACHE_HOME", "/x"}, {"HOME", "/h"}}),
      "rel/ative ");
}

TEST(KernelCacheRoot, IsBelowXdgCacheHomeElse) {
  EXPECT_EQ(root_with({{"XDG_CACHE_HOME", "/x"}, {"HOME", "/h"}}), "/x/ktstr/kernels");
  EXPECT_EQ(root_with({{"XDG_CACHE_HOME", "rel/"}}), "rel/ktstr/kernels");
}

TEST(KernelCacheRoot, IsBelowHomeAtLast) {
  EXPECT_EQ(root_with({{"HOME", "/h"}}), "/h/.cache/ktstr/kernels");
}

TEST(KernelCacheRoot, TakesEmptyVariablesAsUnset) {
  EXPECT_EQ(root_with({{"KTSTR_CACHE_DIR", ""}, {"XDG_CACHE_HOME", ""}, {"HOME", "/h"}}),
            "/h/.cache/ktstr/kernels");
}

TEST(KernelCacheRoot, PassesOverAnXdgCacheHomeThatIsNotUtf8) {
  EXPECT_EQ(root_with({{"XDG_CACHE_HOME", "/\xff"}, {"HOME", "/h"}}), "/h/.cache/ktstr/kernels");
}

TEST(KernelCacheRoot, TakesAnyAbsoluteHomeButTheRoot) {
  EXPECT_EQ(root_with({{"HOME", "//"}}), "//.cache/ktstr/kernels");
  EXPECT_EQ(root_with({{"HOME", "/."}}), "/./.cache/ktstr/kernels");
  EXPECT_EQ(root_with({{"HOME", "/dev/null"}}), "/dev/null/.cache/ktstr/kernels");
}

TEST(KernelCacheRoot, DoesNotFallBackFromAVariableThatIsNotUtf8) {
  const Error error = error_with({{"KTSTR_CACHE_DIR", "/a\xff"}, {"HOME", "/h"}});
  EXPECT_EQ(error.code, ErrorCode::usage);
  EXPECT_EQ(error.message, "KTSTR_CACHE_DIR contains non-UTF-8 bytes (3 bytes): /a\xef\xbf\xbd");
}

TEST(KernelCacheRoot, NeedsAHome) {
  for (const Values& values : {Values{}, Values{{"HOME", "/\xff"}}}) {
    EXPECT_THAT(error_with(values).message,
                AllOf(HasSubstr("HOME is unset"), HasSubstr("KTSTR_CACHE_DIR")));
  }
}

TEST(KernelCacheRoot, NeedsAHomeThatIsNotEmpty) {
  EXPECT_THAT(error_with({{"HOME", ""}}).message,
              AllOf(HasSubstr("HOME is set to the empty string"), HasSubstr("KTSTR_CACHE_DIR")));
}

TEST(KernelCacheRoot, IsNotPutBelowTheRootDirectory) {
  EXPECT_THAT(
      error_with({{"HOME", "/"}}).message,
      AllOf(HasSubstr("HOME is `/`"), HasSubstr("/.cache/ktstr"), HasSubstr("KTSTR_CACHE_DIR")));
}

TEST(KernelCacheRoot, NeedsAnAbsoluteHome) {
  EXPECT_THAT(error_with({{"HOME", "u/home"}}).message,
              AllOf(HasSubstr("not an absolute path"), HasSubstr("\"u/home\""),
                    HasSubstr("KTSTR_CACHE_DIR")));
}

TEST(KernelCacheRoot, IsWhereACacheOpens) {
  const auto cache = KernelCache::open(variables_of({{"HOME", "/h"}}));
  ASSERT_TRUE(cache);
  EXPECT_EQ(cache->root(), "/h/.cache/ktstr/kernels");
  EXPECT_FALSE(KernelCache::open(variables_of({})));
}

}  // namespace
}  // namespace ktstr
