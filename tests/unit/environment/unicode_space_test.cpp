// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>

#include "base/text.hpp"

namespace ktstr {
namespace {

TEST(TrimUnicode, TakesAwayEveryKindOfWhiteSpace) {
  for (const char* space : {"\t", "\n", "\v", "\f", "\r", " ", "\xc2\x85", "\xc2\xa0",
                            "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x8a", "\xe2\x80\xa8",
                            "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"}) {
    const std::string once = space;
    std::string padded = once + once;
    padded += "a b";
    padded += once;
    EXPECT_EQ(trim_unicode(padded), "a b");
    EXPECT_EQ(trim_unicode(once), "");
  }
}

TEST(TrimUnicode, LeavesWhatOnlyLooksLikeIt) {
  // A zero-width space, a zero-width no-break space, a unit separator.
  for (const char* text : {"\xe2\x80\x8b", "\xef\xbb\xbf", "\x1f", "a\xcc\x80", ""}) {
    EXPECT_EQ(trim_unicode(text), text);
  }
}

TEST(TrimUnicode, LeavesBytesThatAreNoUtf8) {
  EXPECT_EQ(trim_unicode(" \xa0\x85 "), "\xa0\x85");
  EXPECT_EQ(trim_unicode(" \x80\x80\x80\x80\x80"), "\x80\x80\x80\x80\x80");
}

}  // namespace
}  // namespace ktstr
