// SPDX-License-Identifier: MIT
#include "query/pool_values.hpp"

#include <gtest/gtest.h>

#include "sample_catalog.hpp"

namespace ktstr::test {
namespace {

class PoolValuesOf : public ::testing::Test {
 protected:
  /// "value:results" for each value of one dimension.
  Rows listed(const std::string& name, bool is_archive = false) {
    const auto values = pool_values(catalog_.database(), is_archive);
    EXPECT_TRUE(values);
    Rows out;
    for (const PoolDimension& dimension : values->dimensions) {
      if (dimension.name != name) continue;
      for (const PoolValue& value : dimension.values) {
        out.push_back(shown(value.value) + ":" + std::to_string(value.results));
      }
    }
    return out;
  }

  SampleCatalog catalog_;
};

TEST_F(PoolValuesOf, ADimensionAreDistinctWithNullFirstAndTheRestByBytes) {
  for (const char* version : {"6.9", "6.14", "6.14", "Zed", "\xC3\xA9"}) {
    catalog_.add_with("kernel_version", text(version));
  }
  catalog_.add_with("kernel_version", {});
  EXPECT_EQ(listed("kernel"), (Rows{"NULL:1", "6.14:2", "6.9:1", "Zed:1", "\xC3\xA9:1"}));
}

TEST_F(PoolValuesOf, BudgetsAreNumbersInNumericOrderWithoutTheUnknown) {
  for (const std::int64_t budget : {16, 8, 16}) catalog_.add_with("cpu_budget", number(budget));
  catalog_.add_with("cpu_budget", {});
  EXPECT_EQ(listed("cpu_budget"), (Rows{"8:1", "16:2"}));
}

TEST_F(PoolValuesOf, EachDimensionComeFromItsColumn) {
  catalog_.add_result(catalog_.directory(), {{"kernel_version", text("a")},
                                             {"project_commit", text("b")},
                                             {"kernel_commit", text("c")},
                                             {"run_source", text("d")},
                                             {"resolve_source", text("e")},
                                             {"cpu_budget", number(6)},
                                             {"scheduler", text("g")},
                                             {"topology", text("h")},
                                             {"work_type", text("i")}});
  std::string all;
  const auto values = pool_values(catalog_.database(), false);
  for (const PoolDimension& dimension : values->dimensions) {
    all += dimension.name + "=" + shown(dimension.values.at(0).value) + " ";
  }
  EXPECT_EQ(all,
            "kernel=a commit=b kernel_commit=c source=d resolve_source=e cpu_budget=6 "
            "scheduler=g topology=h work_type=i ");
}

TEST_F(PoolValuesOf, AnArchiveHaveOneSourceForAllResults) {
  catalog_.add_with("run_source", text("ci"));
  catalog_.add_with("run_source", {});
  EXPECT_EQ(listed("source", true), (Rows{"archive:2"}));
}

TEST_F(PoolValuesOf, AnEmptyArchiveHaveNoSource) { EXPECT_EQ(listed("source", true), Rows{}); }

TEST_F(PoolValuesOf, ThePoolLeaveOutRecordsOfAnotherSchema) {
  catalog_.add_result(catalog_.directory(), {{"status", text("drift")}});
  EXPECT_EQ(pool_values(catalog_.database(), false)->results, 0);
  EXPECT_EQ(listed("scheduler"), Rows{});
}

}  // namespace
}  // namespace ktstr::test
