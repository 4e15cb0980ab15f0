// SPDX-License-Identifier: MIT
#include "report/json_document.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace ktstr {
namespace {

TEST(JsonDocument, KeepsTheOrderAndTypesOfItsMembers) {
  JsonObject object;
  object.add("z", 1)
      .add("a", "text")
      .add("big", std::numeric_limits<std::uint64_t>::max())
      .add("small", std::numeric_limits<std::int64_t>::min())
      .add("yes", true)
      .add("real", 0.5)
      .add("none", nullptr)
      .add("absent", std::optional<std::string>{})
      .add("present", std::optional<std::int64_t>{3});
  EXPECT_EQ(json_document(object, JsonStyle::compact),
            R"({"z":1,"a":"text","big":18446744073709551615,"small":-9223372036854775808,)"
            R"("yes":true,"real":0.5,"none":null,"absent":null,"present":3})"
            "\n");
}

TEST(JsonDocument, IsPrettyWithTwoSpaces) {
  JsonObject inner;
  inner.add("empty", JsonArray{}).add("none", JsonObject{});
  JsonObject object;
  object.add("list", json_array({"a", "b"})).add("inner", inner);
  EXPECT_EQ(json_document(object),
            "{\n  \"list\": [\n    \"a\",\n    \"b\"\n  ],\n"
            "  \"inner\": {\n    \"empty\": [],\n    \"none\": {}\n  }\n}\n");
}

TEST(JsonDocument, EscapesForeignText) {
  JsonObject object;
  object.add("k\n", std::string("\x1b\x7f\xff"));
  EXPECT_EQ(json_document(object, JsonStyle::compact),
            "{\"k\\n\":\"\\u001b\\u007f\xEF\xBF\xBD\"}\n");
}

TEST(JsonDocument, WritesNonFiniteNumbersAsNull) {
  EXPECT_EQ(json_document(std::numeric_limits<double>::quiet_NaN()), "null\n");
}

const char* const k_raw = "{ \"a : [\\\" {,\":[1.50,\n -2e3 ] ,\"b\":{ },\"c\":[],\"d\":true}";

TEST(JsonDocument, CompactsRawTextWithoutTouchingItsTokens) {
  JsonObject object;
  object.add("raw", JsonRaw{k_raw}).add("after", 1);
  EXPECT_EQ(json_document(object, JsonStyle::compact),
            "{\"raw\":{\"a : [\\\" {,\":[1.50,-2e3],\"b\":{},\"c\":[],\"d\":true},\"after\":1}\n");
}

TEST(JsonDocument, IndentsRawTextLikeItsSurroundings) {
  JsonObject object;
  object.add("raw", JsonRaw{k_raw}).add("after", 1);
  EXPECT_EQ(json_document(object),
            "{\n  \"raw\": {\n    \"a : [\\\" {,\": [\n      1.50,\n      -2e3\n    ],\n"
            "    \"b\": {},\n    \"c\": [],\n    \"d\": true\n  },\n  \"after\": 1\n}\n");
}

}  // namespace
}  // namespace ktstr
