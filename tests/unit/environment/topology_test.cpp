// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "ktstr/protocol.hpp"

namespace ktstr {
namespace {

TEST(TopologyLabel, HasTheFourNumbers) {
  EXPECT_EQ((Topology{1, 2, 4, 2}.label()), "1n2l4c2t");
  EXPECT_EQ((Topology{2, 4, 8, 2}.label()), "2n4l8c2t");
  EXPECT_EQ(Topology{}.label(), "1n1l2c1t");
}

TEST(TopologyLabel, IsReadBack) {
  EXPECT_EQ(parse_topology("1n2l4c2t"), (Topology{1, 2, 4, 2}));
  EXPECT_EQ(parse_topology("2n4l8c2t"), (Topology{2, 4, 8, 2}));
  EXPECT_EQ(parse_topology("1n1l1c12t"), (Topology{1, 1, 1, 12}));
  EXPECT_EQ(parse_topology("4n16l8c2t"), (Topology{4, 16, 8, 2}));
  EXPECT_EQ(parse_topology("4294967295n1l1c1t"), (Topology{4294967295, 1, 1, 1}));
}

TEST(TopologyLabel, MayHaveLeadingZerosAndAPlus) {
  EXPECT_EQ(parse_topology("01n2l4c2t"), (Topology{1, 2, 4, 2}));
  EXPECT_EQ(parse_topology("+1n+02l4c2t"), (Topology{1, 2, 4, 2}));
}

TEST(TopologyLabel, MayBeOfAMachineThatCannotBe) {
  EXPECT_EQ(parse_topology("2n3l1c1t"), (Topology{2, 3, 1, 1}));
}

TEST(TopologyLabel, IsNothingElse) {
  for (const char* label : {"",           "hello",      "1n2l4c2",
                            "1n2l4c2tb",  "2l1n4c2t",   "0n2l4c2t",
                            "1n0l4c2t",   "1n2l0c2t",   "1n2l4c0t",
                            "2s4c2t",     "1s2l4c2t",   "nlct",
                            "1n2l4ct",    "-1n2l4c2t",  "1n 2l4c2t",
                            " 1n2l4c2t",  "1_0n2l4c2t", "4294967296n2l4c2t",
                            "++1n2l4c2t", "+n2l4c2t",   "1n2l4c2t1n2l4c2t",
                            "1n2n2l4c2t", "1N2L4C2T",   "1n2l4c2t "}) {
    EXPECT_EQ(parse_topology(label), std::nullopt) << label;
  }
}

TEST(TopologyTotal, IsLlcsTimesCoresTimesThreads) {
  EXPECT_EQ((Topology{2, 4, 8, 2}.total_cpus()), 64U);
  EXPECT_EQ(Topology{}.total_cpus(), 2U);
}

TEST(TopologyTotal, DoesNotOverflow) {
  constexpr std::uint32_t k_most = 4294967295;
  EXPECT_EQ((Topology{1, k_most, k_most, 1}.total_cpus()), 18446744065119617025ULL);
  EXPECT_EQ((Topology{1, k_most, k_most, 2}.total_cpus()), 18446744073709551615ULL);
  EXPECT_EQ((Topology{1, k_most, k_most, 0}.total_cpus()), 0U);
}

TEST(TopologyValidity, NeedsFourPositiveNumbers) {
  EXPECT_TRUE(validate_topology({1, 1, 1, 1}));
  EXPECT_FALSE(validate_topology({0, 1, 1, 1}));
  EXPECT_FALSE(validate_topology({1, 0, 1, 1}));
  EXPECT_FALSE(validate_topology({1, 1, 0, 1}));
  EXPECT_FALSE(validate_topology({1, 1, 1, 0}));
}

TEST(TopologyValidity, NeedsLlcsThatDivideAmongTheNodes) {
  EXPECT_TRUE(validate_topology({2, 4, 1, 1}));
  const auto result = validate_topology({2, 3, 1, 1});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::usage);
}

TEST(TopologyValidity, NeedsNodesThatAddUpIfTheyAreGiven) {
  EXPECT_TRUE(validate_topology({2, 3, 1, 1}, {1, 2}));
  EXPECT_FALSE(validate_topology({2, 4, 1, 1}, {1, 2}));
  EXPECT_FALSE(validate_topology({2, 1, 1, 1}, {4294967295, 2}));
}

TEST(TopologyValidity, NeedsCpusThat32BitsCanCount) {
  EXPECT_TRUE(validate_topology({1, 4294967295, 1, 1}));
  EXPECT_FALSE(validate_topology({1, 65536, 65536, 1}));
  EXPECT_FALSE(validate_topology({1, 4294967295, 4294967295, 4294967295}));
}

}  // namespace
}  // namespace ktstr
