// SPDX-License-Identifier: MIT
#include "report/table.hpp"

#include "rendered.hpp"

namespace ktstr {
namespace {

const std::vector<RowColumn> k_columns = {{"test_name", 0}, {"scheduler", 3},  {"verdict", 0},
                                          {"kernel", 2},    {"migrations", 1}, {"run_dir", 2}};
const std::vector<std::vector<Value>> k_rows = {
    {text("balance_under_load_with_pinned_workers"), text("scx-ktstr"), text("pass"),
     text("6.14.2"), integer(1204), text("scx-main-6.14.2-a1b2c3d4e5f6")},
    {text("spin"), text("eevdf"), text("inconclusive"), k_null, integer(7),
     text("scx-main-6.14.2-a1b2c3d4e5f6-dirty")}};

Rendered at_width(int width) {
  RenderOptions options;
  options.width = width;
  return rendered(k_columns, k_rows, options);
}

std::string last_line(const std::string& table) {
  return table.substr(table.rfind('\n', table.size() - 2) + 1);
}

std::string number_cell(double number) { return last_line(as(Format::table, {{"v"}}, {{number}})); }

TEST(Table, WithoutALimitShowsEverything) {
  EXPECT_EQ(at_width(0).text,
            "TEST_NAME                               SCHEDULER  VERDICT       KERNEL  MIGRATIONS"
            "  RUN_DIR\n"
            "balance_under_load_with_pinned_workers  scx-ktstr  pass          6.14.2        1204"
            "  scx-main-6.14.2-a1b2c3d4e5f6\n"
            "spin                                    eevdf      inconclusive  -                7"
            "  scx-main-6.14.2-a1b2c3d4e5f6-dirty\n");
}

TEST(Table, NarrowsTheWidestTextFirst) {
  const Rendered table = at_width(80);
  EXPECT_EQ(table.text,
            "TEST_NAME          SCHEDULER  VERDICT       KERNEL  MIGRATIONS  RUN_DIR\n"
            "balance_under_lo…  scx-ktstr  pass          6.14.2        1204  scx-main-6.14.2…\n"
            "spin               eevdf      inconclusive  -                7  scx-main-6.14.2…\n");
  EXPECT_TRUE(table.summary.dropped_columns.empty());
}

TEST(Table, DropsTheColumnsWithTheLargestPriority) {
  const Rendered table = at_width(40);
  EXPECT_EQ(table.text,
            "TEST_NAME       VERDICT       MIGRATIONS\n"
            "balance_under…  pass                1204\n"
            "spin            inconclusive           7\n");
  EXPECT_EQ(table.summary.dropped_columns,
            (std::vector<std::string>{"scheduler", "kernel", "run_dir"}));
}

TEST(Table, NarrowsEvenItsLastColumnsOnATinyTerminal) {
  EXPECT_EQ(at_width(20).text,
            "TEST_NAME  VERDICT\n"
            "balance_…  pass\n"
            "spin       inconclu…\n");
}

TEST(Table, NeverExceedsAWidthThatItsNumbersLeaveRoomFor) {
  for (int width = 12; width < 140; ++width) {
    std::string lines = at_width(width).text;
    while (!lines.empty()) {
      const std::size_t end = lines.find('\n');
      EXPECT_LE(display_width(lines.substr(0, end)), width) << lines;
      lines.erase(0, end + 1);
    }
  }
}

TEST(Table, OfAnEmptyResultIsAHeader) {
  EXPECT_EQ(as(Format::table, {{"a"}, {"b"}}, {}), "A  B\n");
}

TEST(Table, ShowsControlBytesAsEscapes) {
  EXPECT_EQ(as(Format::table, {{"a\x1b"}}, {{text(std::string("x\n\x1b[2J\xff") + '\0')}}),
            "A\\x1b\nx\\n\\x1b[2J\\xff\\x00\n");
}

TEST(Table, AlignsWideAndCombiningCharacters) {
  EXPECT_EQ(as(Format::table, {{"a"}, {"b"}},
               {{text("日本"), integer(1)}, {text("e\u0301"), integer(2)}}),
            "A     B\n日本  1\ne\u0301     2\n");
}

TEST(Table, ShowsNumbersReadably) {
  EXPECT_EQ(number_cell(0.1 + 0.2), "0.3\n");
  EXPECT_EQ(number_cell(1234.56789), "1234.57\n");
  EXPECT_EQ(number_cell(12345678.9), "12345679\n");
  EXPECT_EQ(number_cell(999999.7), "1000000\n");
  EXPECT_EQ(number_cell(1e300), "1e+300\n");
  EXPECT_EQ(number_cell(1.5e-9), "1.5e-09\n");
}

TEST(Table, AlignsAColumnWithTextInItLeft) {
  EXPECT_EQ(as(Format::table, {{"long_name"}, {"b"}}, {{integer(1), k_null}, {text("x"), k_null}}),
            "LONG_NAME  B\n1          -\nx          -\n");
}

TEST(Table, ColoursVerdictsOnlyWhenTold) {
  RenderOptions options;
  options.color = true;
  const std::vector<std::vector<Value>> rows = {{text("pass"), text("fail")},
                                                {text("fail"), k_null}};
  EXPECT_EQ(rendered({{"verdict"}, {"other"}}, rows, options).text,
            "VERDICT  OTHER\n"
            "\x1b[32mpass\x1b[0m     fail\n"
            "\x1b[31mfail\x1b[0m     -\n");
  options.color = false;
  EXPECT_EQ(rendered({{"verdict"}}, rows, options).text, "VERDICT\npass\nfail\n");
}

TEST(Table, ColoursAVerdictThatIsCut) {
  RenderOptions options;
  options.color = true;
  options.width = 6;
  EXPECT_EQ(rendered({{"verdict"}}, {{text("inconclusive")}}, options).text,
            "VERDI…\n\x1b[33mincon…\x1b[0m\n");
}

TEST(Table, CutsALaterOverlongCellOnlyUnderALimit) {
  std::vector<std::vector<Value>> rows(1000, {text("short"), integer(1)});
  rows.push_back({text("much longer than all before it"), integer(2)});
  RenderOptions options;
  options.width = 20;
  EXPECT_EQ(last_line(rendered({{"a"}, {"b"}}, rows, options).text), "much…  2\n");
  options.width = 0;
  EXPECT_EQ(last_line(rendered({{"a"}, {"b"}}, rows, options).text),
            "much longer than all before it  2\n");
}

TEST(Table, NeverCutsANumber) {
  std::vector<std::vector<Value>> rows(1000, {integer(1)});
  rows.push_back({integer(1234567890)});
  RenderOptions options;
  options.width = 5;
  EXPECT_EQ(last_line(rendered({{"a"}}, rows, options).text), "1234567890\n");
}

TEST(Table, DoesNotPadEveryRowForOneMonstrousCell) {
  const std::string table =
      as(Format::table, {{"a"}, {"b"}},
         {{text(std::string(100000, 'x')), integer(1)}, {text("y"), integer(2)}});
  EXPECT_LT(last_line(table).size(), 300U);
}

TEST(TableLayout, KeepsColumnsOfPriorityZero) {
  const auto places = fit_columns({{4, 30, false, 0}, {4, 30, true, 0}}, 20);
  EXPECT_TRUE(places[0].shown);
  EXPECT_TRUE(places[1].shown);
  EXPECT_EQ(places[1].width, 30);
}

TEST(TableLayout, DropsTheRightOneOfEqualPriorities) {
  const auto places = fit_columns({{4, 12, false, 1}, {4, 12, false, 1}}, 20);
  EXPECT_TRUE(places[0].shown);
  EXPECT_FALSE(places[1].shown);
}

TEST(TableLayout, GivesTheRoomOfADroppedColumnToTheOthers) {
  const auto places = fit_columns({{4, 40, false, 0}, {4, 12, false, 1}}, 20);
  EXPECT_EQ(places[0].width, 20);
}

TEST(TableLayout, DropsAColumnBeforeItCutsAnotherBelowItsLeastWidth) {
  // A date of 20 cells and a name beside a column that may go.
  const auto places =
      fit_columns({{4, 23, false, 0, 15}, {4, 20, false, 0, 20}, {4, 7, false, 1}}, 40);
  EXPECT_FALSE(places[2].shown);
  EXPECT_EQ(places[0].width, 18);
  EXPECT_EQ(places[1].width, 20);
}

TEST(TableLayout, UsesEveryCell) {
  const auto places = fit_columns({{4, 40, false, 0}, {4, 40, false, 0}}, 41);
  EXPECT_EQ(places[0].width + places[1].width + k_gutter, 41);
}

TEST(CutToWidth, KeepsWhatFits) {
  EXPECT_EQ(cut_to_width("abc", 3), "abc");
  EXPECT_EQ(cut_to_width("abcd", 3), "ab…");
  EXPECT_EQ(cut_to_width("日本語", 5), "日本…");
  EXPECT_EQ(cut_to_width("日本語", 4), "日…");
  EXPECT_EQ(cut_to_width("abc", 1), "…");
  EXPECT_EQ(cut_to_width("abc", 0), "");
}

TEST(DisplayWidth, CountsCellsNotBytes) {
  EXPECT_EQ(display_width("aé"), 2);
  EXPECT_EQ(display_width("日本"), 4);
  EXPECT_EQ(display_width("e\u0301"), 1);
  EXPECT_EQ(display_width("\xff\xfe"), 2);
}

TEST(TableLayout, CutsHeadersWiderThanTheirCellsBeforeAnyCell) {
  const auto places = fit_columns({{4, 10, false, 0, 0, 10}, {14, 14, false, 3, 0, 6}}, 21);
  EXPECT_EQ(places[0].width, 10);
  EXPECT_EQ(places[1].width, 9);  // 8 would do; one cell was left over
}

TEST(TableLayout, KeepsHeadersWholeWhereThereIsRoom) {
  const auto places = fit_columns({{4, 10, false, 0, 0, 10}, {14, 14, false, 3, 0, 6}}, 26);
  EXPECT_EQ(places[1].width, 14);
}

TEST(TableLayout, LeavesEnoughOfAMetricsHeaderToTellItFromOthers) {
  const auto places = fit_columns({{4, 10, false, 0, 0, 10}, {25, 25, true, 3, 0, 5}}, 20);
  EXPECT_FALSE(places[1].shown);
  const auto wider = fit_columns({{4, 10, false, 0, 0, 10}, {25, 25, true, 3, 0, 5}}, 26);
  EXPECT_EQ(wider[1].width, 14);
}

TEST(TableLayout, CutsTheHeaderOfANumberDownToItsOwnLeastWidth) {
  const std::vector<ColumnWish> wishes = {{4, 10, false, 0, 10, 10}, {12, 12, true, 3, 7, 1}};
  EXPECT_EQ(fit_columns(wishes, 19)[1].width, 7);
  EXPECT_EQ(fit_columns(wishes, 21)[1].width, 9);
  EXPECT_FALSE(fit_columns(wishes, 18)[1].shown);
}

TEST(TableLayout, NeverCutsANumberToTheLeastWidthOfItsHeader) {
  EXPECT_EQ(fit_columns({{4, 10, false, 0, 10, 10}, {12, 12, true, 0, 2, 9}}, 21)[1].width, 9);
}

}  // namespace
}  // namespace ktstr
