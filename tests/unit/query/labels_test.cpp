// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "query/sessions.hpp"

namespace ktstr {
namespace {

constexpr const char* k_pr =
    "(SELECT l.value FROM labels l WHERE l.id = results.id AND l.key = 'pr')";

TEST(Labels, BecomeASubqueryWhereverAnExpressionNamesThem) {
  EXPECT_EQ(with_labels("label.pr = '1' and 2 < LABEL . pr").text,
            std::string(k_pr) + " = '1' and 2 < " + k_pr);
}

TEST(Labels, AreNotLookedForInStringsCommentsAndOtherNames) {
  for (const char* text : {"x = 'label.pr'", "1 -- label.pr", "/* label.pr */ 1", "labels.pr = 1",
                           "t.label.pr", "label.1a = 2", "label.", "label.'pr'"}) {
    EXPECT_EQ(with_labels(text).text, text);
    EXPECT_FALSE(names_label(text)) << text;
  }
}

TEST(Labels, GiveWayToATableOfThatName) {
  const char* text = "exists (select 1 from metrics label where label.metric = 'x')";
  EXPECT_EQ(with_labels(text).text, text);
}

TEST(Labels, LeaveATextThatIsNotWholeAsItIs) {
  EXPECT_EQ(with_labels("label.pr = 'x").text, "label.pr = 'x");
}

TEST(Labels, TellWhereAByteCameFrom) {
  const LabelledText labelled = with_labels("a = label.pr and b");
  const std::size_t size = std::string(k_pr).size();
  EXPECT_EQ(labelled.original_offset(2), 2U);
  EXPECT_EQ(labelled.original_offset(4), 4U);
  EXPECT_EQ(labelled.original_offset(4 + size - 1), 4U);
  EXPECT_EQ(labelled.original_offset(4 + size), 12U);
  EXPECT_EQ(labelled.original_offset(4 + size + 5), 17U);
}

TEST(Labels, AreToldFromExpressionsWithThem) {
  EXPECT_TRUE(is_label(" label.pr "));
  EXPECT_FALSE(is_label("label.pr || 'x'"));
  EXPECT_FALSE(is_label("pr"));
}

TEST(LabelOption, IsAKeyAndAnyValue) {
  EXPECT_EQ(*parse_label("pr=a=b"), std::pair(std::string("pr"), std::string("a=b")));
  EXPECT_EQ(parse_label("_x9=")->second, "");
  for (const char* wrong : {"pr", "=x", "9a=x", "a b=x", "a-b=x", ""}) {
    const auto parsed = parse_label(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().code, ErrorCode::usage);
  }
}

}  // namespace
}  // namespace ktstr
