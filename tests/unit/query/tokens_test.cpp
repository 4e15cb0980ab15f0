// SPDX-License-Identifier: MIT
#include "query/tokens.hpp"

#include <gtest/gtest.h>

namespace ktstr {
namespace {

std::vector<std::string> texts(std::string_view sql) {
  std::vector<std::string> out;
  const auto tokens = tokenize(sql);
  if (!tokens) return {"problem: " + tokens.error().message};
  for (const Token& token : *tokens) out.emplace_back(token.text);
  return out;
}

using Texts = std::vector<std::string>;

TEST(Tokens, KeepStringsAndQuotedNamesWhole) {
  EXPECT_EQ(texts(R"(a='it''s;)' "b""(" [c)] `d``;`)"),
            (Texts{"a", "=", "'it''s;)'", R"("b""(")", "[c)]", "`d``;`"}));
}

TEST(Tokens, LeaveCommentsOut) {
  EXPECT_EQ(texts("a -- ) ' \n b /* ; ' */ c"), (Texts{"a", "b", "c"}));
}

TEST(Tokens, KnowThatACommentStartInAStringIsText) {
  EXPECT_EQ(texts("'--' || '/*'"), (Texts{"'--'", "|", "|", "'/*'"}));
}

TEST(Tokens, AreRefusedWhenSomethingHasNoEnd) {
  EXPECT_EQ(texts("a = 'b"), Texts{"problem: a string without an end"});
  EXPECT_EQ(texts("\"b"), Texts{"problem: a quoted name without an end"});
  EXPECT_EQ(texts("[b"), Texts{"problem: a quoted name without an end"});
  EXPECT_EQ(texts("`b"), Texts{"problem: a quoted name without an end"});
  EXPECT_EQ(texts("1 /* b"), Texts{"problem: a comment without an end"});
  EXPECT_EQ(texts("1 /*/"), Texts{"problem: a comment without an end"});
}

TEST(Tokens, AreRefusedWithANulByte) {
  EXPECT_EQ(texts(std::string_view("a\0b", 3)), Texts{"problem: a NUL byte"});
}

TEST(Tokens, SayWhereTheUnfinishedThingBegins) { EXPECT_EQ(tokenize("ab 'c").error().offset, 3U); }

TEST(Tokens, TakeBytesAbove127AsPartOfAName) {
  EXPECT_EQ(texts("gr\xC3\xBC\xC3\x9F-e"), (Texts{"gr\xC3\xBC\xC3\x9F", "-", "e"}));
}

TEST(TokenName, IsUnquotedAndLowerCase) {
  EXPECT_EQ(token_name((*tokenize(R"("A""b")"))[0]), R"(a"b)");
  EXPECT_EQ(token_name((*tokenize("[A]"))[0]), "a");
  EXPECT_EQ(token_name((*tokenize("'A''b'"))[0]), "a'b");
  EXPECT_EQ(token_name((*tokenize("AbC"))[0]), "abc");
}

TEST(QuoteName, DoublesQuotes) { EXPECT_EQ(quote_name("a\"b"), "\"a\"\"b\""); }

TEST(SplitItems, SplitsAtCommasOutsideOfParenthesesAndStrings) {
  EXPECT_EQ(split_items(" a, max(b, c) , 'd,e',, \"f,g\""),
            (Texts{"a", "max(b, c)", "'d,e'", "\"f,g\""}));
}

TEST(SplitItems, LeavesWhatHasNoEndInOnePiece) { EXPECT_EQ(split_items("a, 'b"), Texts{"a, 'b"}); }

}  // namespace
}  // namespace ktstr
