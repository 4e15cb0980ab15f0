// SPDX-License-Identifier: MIT
#include "report/row_formatter.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "rendered.hpp"

namespace ktstr {
namespace {

TEST(HumanUnits, ShowThreeDigitsOfASize) {
  const std::pair<double, const char*> cases[] = {
      {0, "0 B"},           {999, "999 B"},          {1000, "0.98 KiB"},
      {21'900, "21.4 KiB"}, {1'023'488, "0.98 MiB"}, {5e15, "4547 TiB"}};
  for (const auto& [bytes, shown] : cases) {
    EXPECT_EQ(human_number(bytes, Quantity::bytes), shown) << bytes;
  }
}

TEST(HumanUnits, ShowADurationInTheUnitThatFits) {
  const std::pair<double, const char*> cases[] = {
      {12, "12 ns"},        {1250, "1.25 us"},      {999'499, "999 us"},
      {999'500, "1.00 ms"}, {1'250'000, "1.25 ms"}, {7'200'000'000'000, "7200 s"},
      {-1500, "-1.50 us"}};
  for (const auto& [ns, shown] : cases) {
    EXPECT_EQ(human_number(ns, Quantity::duration_ns), shown) << ns;
  }
}

TEST(HumanUnits, ShowAMomentAsADateInUtc) {
  EXPECT_EQ(human_number(1'783'201'303'000'000'000, Quantity::time_ns), "2026-07-04 21:41:43");
}

TEST(HumanUnits, LeaveAloneWhatIsNoQuantity) {
  EXPECT_EQ(human_number(5, Quantity::plain), "");
  EXPECT_EQ(human_number(std::numeric_limits<double>::infinity(), Quantity::bytes), "");
  EXPECT_EQ(human_number(1e19, Quantity::time_ns), "");
}

std::vector<RowColumn> sizes() {
  RowColumn size{"size_bytes"};
  size.quantity = Quantity::bytes;
  return {{"name"}, size};
}

TEST(HumanUnits, StandRightAlignedInATableAndExactInDataFormats) {
  const std::vector<std::vector<Value>> rows = {{text("a"), integer(21'900)},
                                                {text("b"), integer(5)}};
  EXPECT_EQ(as(Format::table, sizes(), rows),
            "NAME  SIZE_BYTES\na       21.4 KiB\nb            5 B\n");
  EXPECT_EQ(as(Format::csv, sizes(), rows), "name,size_bytes\na,21900\nb,5\n");
}

}  // namespace
}  // namespace ktstr
