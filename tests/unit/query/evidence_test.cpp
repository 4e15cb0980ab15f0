// SPDX-License-Identifier: MIT
#include "query/evidence.hpp"

#include <gtest/gtest.h>

#include "support/fake_pool.hpp"
#include "support/small_records.hpp"

namespace ktstr::test {
namespace {

class EvidenceTest : public testing::Test {
 protected:
  EvidenceTest() {
    pool_.put("run/a.ktstr.json", sidecar_of("a"));
    pool_.put("run/b.ktstr.json", k_drifted);
    pool_.put("run/job/c.ktstr.json", k_corrupt);
    pool_.put("run2/d.ktstr.json", k_corrupt);
    pool_.refresh();
  }

  std::string left_out(const Filters& filters) {
    const auto counts = count_left_out(pool_.database(), filters);
    return counts ? left_out_text(*counts) : counts.error().text();
  }
  Evidence evidence(const ResultQuery& query) {
    return evidence_of(pool_.database(), query).value_or(Evidence{});
  }
  std::vector<std::string> unknown(const char* expression) {
    ResultQuery query;
    query.expression = expression;
    return evidence(query).unknown_values;
  }

  FakePool pool_;
};

TEST_F(EvidenceTest, OfARunAreItsOwnFiles) {
  const auto left_out = count_left_out(pool_.database(), NamedRun{"run"});
  ASSERT_TRUE(left_out);
  EXPECT_EQ(left_out->drift, 1);
  EXPECT_EQ(left_out->corrupt, 1);
  EXPECT_EQ(left_out->unreadable, 0);
  EXPECT_EQ(count_left_out(pool_.database(), NamedRun{"run", "job"})->drift, 0);
}

TEST_F(EvidenceTest, IsBoundToThePlace) {
  EXPECT_EQ(left_out({}), "2 corrupt");
  EXPECT_EQ(left_out(whole_pool_filters()), "2 corrupt, 1 of another schema");
  Filters filters;
  filters.run_dirs = {"run2"};
  EXPECT_EQ(left_out(filters), "1 corrupt");
  filters.run_dirs = {"nowhere"};
  EXPECT_EQ(left_out(filters), "");
}

TEST_F(EvidenceTest, TakesAJobsFileForAnySessions) {
  Filters filters;
  filters.sessions = {"token"};
  EXPECT_EQ(left_out(filters), "1 corrupt");
}

TEST_F(EvidenceTest, AsksForResultsWhateverTheirVerdict) {
  ResultQuery query;
  query.filters.verdicts = {"fail"};
  EXPECT_TRUE(evidence(query).has_results);
  query.filters.tests = {"nowhere"};
  EXPECT_FALSE(evidence(query).has_results);
}

TEST_F(EvidenceTest, KnowsTheWordsOfColumnsThatHaveFixedOnes) {
  EXPECT_TRUE(unknown("verdict = 'fail'").empty());
  EXPECT_EQ(unknown("verdict == 'failed'").size(), 1U);
  EXPECT_EQ(unknown("verdict = 'x' or verdict = 'y'").size(), 2U);
  EXPECT_EQ(unknown("run_source = 'cii'").size(), 1U);
}

TEST_F(EvidenceTest, TakesWhatAnExpressionDemandsForAFilter) {
  EXPECT_EQ(unknown("test_name = 'nowhere' and vcpus > 1").size(), 1U);
  EXPECT_TRUE(unknown("test_name = 'nowhere' or vcpus > 1").empty());
  EXPECT_TRUE(unknown("not test_name = 'nowhere'").empty());
  ResultQuery query;
  query.expression = "test_name = 'nowhere'";
  EXPECT_FALSE(evidence(query).has_results);
}

}  // namespace
}  // namespace ktstr::test
