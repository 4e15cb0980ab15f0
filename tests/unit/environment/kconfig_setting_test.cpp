// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "environment/protocol.hpp"
#include "unit/environment/variables_of.hpp"

namespace ktstr {
namespace {

using test::variables_of;

TEST(KconfigSetting, IsTheFlagThenTheVariable) {
  const Variables variables = variables_of({{"KTSTR_KCONFIG_SUFFIX", "c0bd848c"}});
  const auto flagged = stated_kconfig_suffix("00000001", variables);
  ASSERT_TRUE(flagged && *flagged);
  EXPECT_EQ((*flagged)->suffix, "00000001");
  EXPECT_EQ((*flagged)->from, "--kconfig-suffix");
  const auto stated = stated_kconfig_suffix(std::nullopt, variables);
  ASSERT_TRUE(stated && *stated);
  EXPECT_EQ((*stated)->suffix, "c0bd848c");
  EXPECT_EQ((*stated)->from, "KTSTR_KCONFIG_SUFFIX");
}

TEST(KconfigSetting, IsNoneWhereTheVariableIsUnsetOrEmpty) {
  for (const Variables& variables :
       {variables_of({}), variables_of({{"KTSTR_KCONFIG_SUFFIX", ""}})}) {
    const auto stated = stated_kconfig_suffix(std::nullopt, variables);
    ASSERT_TRUE(stated);
    EXPECT_FALSE(*stated);
  }
}

TEST(KconfigSetting, MustBeEightLowerCaseHexDigits) {
  for (const char* text : {"", "c0bd848", "c0bd848c0", "C0BD848C", "c0bd848g", "kc000000"}) {
    const auto flagged = stated_kconfig_suffix(text, variables_of({}));
    ASSERT_FALSE(flagged) << text;
    EXPECT_EQ(flagged.error().code, ErrorCode::usage);
  }
  const auto stated =
      stated_kconfig_suffix(std::nullopt, variables_of({{"KTSTR_KCONFIG_SUFFIX", "x"}}));
  ASSERT_FALSE(stated);
  EXPECT_NE(stated.error().message.find("KTSTR_KCONFIG_SUFFIX"), std::string::npos);
}

}  // namespace
}  // namespace ktstr
