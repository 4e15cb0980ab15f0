// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "report/texts.hpp"

namespace ktstr::test {
namespace {

Value text(const char* bytes) { return std::string(bytes); }

PoolValues two_dimensions(std::int64_t results) {
  PoolValues values;
  values.results = results;
  values.dimensions = {{"kernel"}, {"cpu_budget"}};
  return values;
}

TEST(PoolValuesText, HasABlockForEachDimensionWithUnknownForNull) {
  PoolValues values = two_dimensions(3);
  values.dimensions[0].values = {{{}, 1}, {text("6.14.2"), 2}};
  values.dimensions[1].values = {{std::int64_t{8}, 3}};
  EXPECT_EQ(pool_values_text(values),
            "kernel:\n  unknown\n  6.14.2\n\n"
            "cpu_budget:\n  8\n\n");
}

TEST(PoolValuesText, TellsAnEmptyPoolFromOneWithoutBudgets) {
  EXPECT_EQ(pool_values_text(two_dimensions(0)),
            "kernel:\n  (no sidecars in pool)\n\ncpu_budget:\n  (no sidecars in pool)\n\n");
  PoolValues skipped = two_dimensions(1);
  skipped.dimensions[0].values = {{text("6.14.2"), 1}};
  EXPECT_EQ(pool_values_text(skipped),
            "kernel:\n  6.14.2\n\n"
            "cpu_budget:\n  (all runs skipped \u2014 no budget recorded)\n\n");
}

TEST(PoolValuesText, KeepsAValueOnItsLine) {
  PoolValues values = two_dimensions(1);
  values.dimensions.resize(1);
  values.dimensions[0].values = {{text("a\n\x1b[31mb"), 1}};
  EXPECT_EQ(pool_values_text(values), "kernel:\n  a\\n\\x1b[31mb\n\n");
}

TEST(PoolValuesDocument, HasAnArrayForEachDimensionWithNullAndNumbersAsTheyAre) {
  PoolValues values = two_dimensions(3);
  values.dimensions[0].values = {{{}, 1}, {text("6.14.2"), 2}};
  values.dimensions[1].values = {{std::int64_t{8}, 3}};
  EXPECT_EQ(json_document(JsonValue(pool_values_document(values)), JsonStyle::compact),
            "{\"kernel\":[null,\"6.14.2\"],\"cpu_budget\":[8]}\n");
}

}  // namespace
}  // namespace ktstr::test
