// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "report/output.hpp"

namespace ktstr {
namespace {

TEST(Facts, StandInTwoColumns) {
  EXPECT_EQ(facts_text({{"root", "/pool"}, {"last refresh", "now"}}),
            "root          /pool\nlast refresh  now\n");
}

TEST(Facts, ShowAMissingValueAndEscapeControlCharacters) {
  EXPECT_EQ(facts_text({{"a", ""}, {"b", "x\n\x1b"}}), "a  -\nb  x\\n\\x1b\n");
}

TEST(Facts, OfNothingAreNoText) { EXPECT_EQ(facts_text({}), ""); }

}  // namespace
}  // namespace ktstr
