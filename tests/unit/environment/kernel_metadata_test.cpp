// SPDX-License-Identifier: MIT
#include "environment/kernel_metadata.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <ostream>

#include "unit/environment/metadata_text.hpp"

namespace ktstr {
namespace {

using test::MetadataText;

enum class Reading { good, shape, syntax, truncated };

std::ostream& operator<<(std::ostream& out, Reading reading) {
  constexpr const char* k_names[] = {"good", "shape", "syntax", "truncated"};
  return out << k_names[static_cast<int>(reading)];
}

Reading reading_of(const std::string& json) {
  const auto metadata = parse_kernel_metadata(json);
  if (metadata) return Reading::good;
  switch (metadata.error().fault) {
    case JsonFault::shape:
      return Reading::shape;
    case JsonFault::truncated:
      return Reading::truncated;
    case JsonFault::syntax:
      break;
  }
  return Reading::syntax;
}

Reading reading_with(const std::string& key, const std::string& value) {
  return reading_of(MetadataText().with(key, value).text());
}

std::string problem_of(const std::string& json) {
  const auto metadata = parse_kernel_metadata(json);
  return metadata ? "none" : metadata.error().why;
}

/// `inner` within so many arrays.
std::string nested(std::size_t levels, const std::string& inner = "") {
  return std::string(levels, '[') + inner + std::string(levels, ']');
}

TEST(KernelMetadataJson, ReadsEveryField) {
  const auto metadata = parse_kernel_metadata(R"({
  "version": "6.14.2",
  "source": { "type": "local", "source_tree_path": "/srv/linux", "git_hash": null },
  "arch": "x86_64", "image_name": "bzImage", "config_hash": "0a",
  "built_at": "2026-04-12T10:00:00Z",
  "ktstr_kconfig_hash": "0b", "extra_kconfig_hash": "0c",
  "has_vmlinux": true, "vmlinux_stripped": false,
  "source_vmlinux_size": 18446744073709551615, "source_vmlinux_mtime_secs": -9223372036854775808
}
)");
  ASSERT_TRUE(metadata);
  KernelMetadata expected;
  expected.version = "6.14.2";
  expected.source = LocalSource{"/srv/linux", std::nullopt};
  expected.arch = "x86_64";
  expected.image_name = "bzImage";
  expected.config_hash = "0a";
  expected.built_at = "2026-04-12T10:00:00Z";
  expected.ktstr_kconfig_hash = "0b";
  expected.extra_kconfig_hash = "0c";
  expected.has_vmlinux = true;
  expected.source_vmlinux_size = 18446744073709551615ULL;
  expected.source_vmlinux_mtime_secs = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(*metadata, expected);
}

TEST(KernelMetadataJson, MayLackWhatMayBeNull) {
  for (const char* key : {"version", "config_hash", "ktstr_kconfig_hash", "extra_kconfig_hash",
                          "source_vmlinux_size", "source_vmlinux_mtime_secs"}) {
    EXPECT_EQ(reading_of(MetadataText().without(key).text()), Reading::good) << key;
    EXPECT_EQ(reading_with(key, "null"), Reading::good) << key;
  }
}

TEST(KernelMetadataJson, MayNotLackTheRest) {
  for (const char* key :
       {"source", "arch", "image_name", "built_at", "has_vmlinux", "vmlinux_stripped"}) {
    EXPECT_EQ(reading_of(MetadataText().without(key).text()), Reading::shape) << key;
    EXPECT_EQ(reading_with(key, "null"), Reading::shape) << key;
  }
  EXPECT_EQ(problem_of(MetadataText().without("source").without("arch").text()).substr(0, 22),
            "missing field `source`");
}

TEST(KernelMetadataJson, IgnoresUnknownKeysAtBothLevels) {
  EXPECT_EQ(reading_with("new", R"({"a":[1,{"b":null}],"a":tru)"
                                R"(e})"),
            Reading::good);
  EXPECT_EQ(reading_with("source", R"({"x":[{}],"type":"git","y":1.5,"source_tree_path":7})"),
            Reading::good);
  EXPECT_EQ(reading_with("source", R"({"type":"tarball","git_hash":7,"ref":{}})"), Reading::good);
}

TEST(KernelMetadataJson, AsksOnlyTheGrammarOfAnIgnoredValue) {
  for (const char* value : {"1e999", "-0", R"("\ud800")", R"("\udc00")", "123456789012345678901"}) {
    EXPECT_EQ(reading_with("new", value), Reading::good) << value;
  }
  EXPECT_EQ(reading_with("new", nested(5000)), Reading::good);
  EXPECT_EQ(reading_with("new", nested(5000, R"({"a":[]})")), Reading::good);
  for (const char* value :
       {"tru", "01", "1.", ".5", "+1", "'a'", R"("\x")", R"("\u12g4")", "[1,]", R"({"a":1,})",
        "[1 2]", "{1:2}", R"({"a" 1})", "NaN", "[}", "{]", "\"a\nb\""}) {
    EXPECT_EQ(reading_with("new", value), Reading::syntax) << value;
  }
}

TEST(KernelMetadataJson, TakesTheTypeOfTheSourceAtAnyPosition) {
  const auto metadata = parse_kernel_metadata(
      MetadataText().with("source", R"({"ref":"main","git_hash":"abc","type":"git"})").text());
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata->source, KernelSource(GitSource{"abc", "main"}));
}

TEST(KernelMetadataJson, LeavesOutMembersOfTheSourceThatAreNullOrMissing) {
  for (const char* source :
       {R"({"type":"local"})", R"({"type":"local","source_tree_path":null,"git_hash":null})"}) {
    const auto metadata = parse_kernel_metadata(MetadataText().with("source", source).text());
    ASSERT_TRUE(metadata);
    EXPECT_EQ(metadata->source, KernelSource(LocalSource{}));
  }
}

TEST(KernelMetadataJson, KeepsAnEmptyPathOfTheSource) {
  const auto metadata = parse_kernel_metadata(MetadataText().with_local_source("").text());
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata->source, KernelSource(LocalSource{"", std::nullopt}));
}

TEST(KernelMetadataJson, RefusesASourceOfNoKnownType) {
  for (const char* source :
       {R"({"type":"Tarball"})", R"({"type":"other"})", R"({"type":null})", R"({"type":1})", "{}",
        R"({"git_hash":null})", R"("tarball")", "null", "1", "true", "[]", R"(["other"])"}) {
    EXPECT_EQ(reading_with("source", source), Reading::shape) << source;
  }
}

TEST(KernelMetadataJson, RefusesAMemberOfTheSourceThatIsNoText) {
  for (const char* source :
       {R"({"type":"git","ref":1})", R"({"type":"git","git_hash":[]})",
        R"({"git_hash":true,"type":"local"})", R"({"type":"local","source_tree_path":{}})"}) {
    EXPECT_EQ(reading_with("source", source), Reading::shape) << source;
  }
}

TEST(KernelMetadataJson, RefusesDuplicateKnownKeys) {
  EXPECT_EQ(reading_of(R"({"arch":"a","arch":"a")"), Reading::shape);
  EXPECT_EQ(reading_with("source", R"({"type":"git","ref":"a","ref":"a"})"), Reading::shape);
  EXPECT_EQ(reading_with("source", R"({"type":"git","type":"git"})"), Reading::shape);
  // Not known to this type of source.
  EXPECT_EQ(reading_with("source", R"({"type":"local","ref":"a","ref":"a"})"), Reading::good);
}

TEST(KernelMetadataJson, RefusesWrongTypes) {
  const std::vector<std::pair<const char*, std::vector<const char*>>> wrong = {
      {"version", {"6.14", "true", "[]", "{}"}},
      {"arch", {"1", "null", "{}"}},
      {"built_at", {"1"}},
      {"has_vmlinux", {"1", "null", R"("true")", "[]"}},
      {"source_vmlinux_size", {"-1", "1.0", "1e3", "-0", "18446744073709551616", R"("1")", "true"}},
      {"source_vmlinux_mtime_secs",
       {"1.0", "-0", "9223372036854775808", "-9223372036854775809", R"("1")", "false"}},
  };
  for (const auto& [key, values] : wrong) {
    for (const char* value : values) {
      EXPECT_EQ(reading_with(key, value), Reading::shape) << key << " " << value;
    }
  }
}

TEST(KernelMetadataJson, DecodesEscapes) {
  const auto metadata = parse_kernel_metadata(
      MetadataText().with("arch", R"("\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00\u0000 é")").text());
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata->arch,
            std::string("\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0 \xc3\xa9", 21));
}

TEST(KernelMetadataJson, FindsKeysWhateverTheirSpelling) {
  EXPECT_EQ(reading_of(MetadataText().with(R"(\u0061rch)", R"("twice")").text()), Reading::shape);
}

TEST(KernelMetadataJson, RefusesStringsThatCannotBeHeld) {
  for (const char* value : {R"("\ud800")", R"("\udc00")", R"("\ud800\n")", R"("\ud800\ud800")",
                            R"("\ud800x")", R"("\x")", R"("\u00g0")", "\"\x01\""}) {
    EXPECT_EQ(reading_with("arch", value), Reading::syntax) << value;
    EXPECT_EQ(reading_with("source", std::string(R"({"type":"tarball","x":)") + value + "}"),
              Reading::syntax)
        << value;
  }
  EXPECT_EQ(reading_of(R"({"\ud800":1})"), Reading::syntax);
}

TEST(KernelMetadataJson, RefusesNumbersThatCannotBeHeld) {
  EXPECT_EQ(reading_with("source_vmlinux_size", "1e999"), Reading::syntax);
  EXPECT_EQ(reading_with("version", "1e999"), Reading::syntax);
  EXPECT_EQ(reading_with("source", R"({"type":"tarball","x":[-1e999]})"), Reading::syntax);
  EXPECT_EQ(reading_with("source_vmlinux_size", "1e-999"), Reading::shape);
}

TEST(KernelMetadataJson, HoldsTheSourceDownTo127Levels) {
  EXPECT_EQ(reading_with("source", R"({"type":"tarball","x":)" + nested(125) + "}"), Reading::good);
  EXPECT_EQ(reading_with("source", R"({"type":"tarball","x":)" + nested(126) + "}"),
            Reading::syntax);
}

TEST(KernelMetadataJson, RefusesWhatIsNotJson) {
  const std::string good = MetadataText().text();
  for (const std::string& json :
       {good + "x", good + "{}", good + ",", "\xef\xbb\xbf" + good, std::string("nonsense"),
        std::string("{arch:1}"), std::string("{,}"), std::string(R"({"arch" "a"})"),
        std::string(R"({"arch":"a" "b"})"), std::string(R"({"arch":"a",})"), std::string("nul!"),
        std::string("{\"arch\":01}"), std::string("{\"has_vmlinux\":trux}")}) {
    EXPECT_EQ(reading_of(json), Reading::syntax) << json;
  }
}

TEST(KernelMetadataJson, RefusesJsonThatIsNoObject) {
  for (const char* json : {"null", "1", "\"x\"", "true", "[]", "[1]", "{}", "{} x"}) {
    EXPECT_EQ(reading_of(json), Reading::shape) << json;
  }
}

TEST(KernelMetadataJson, TakesWhiteSpaceAround) {
  EXPECT_EQ(reading_of(" \r\n\t" + MetadataText().text() + " \r\n\t"), Reading::good);
  EXPECT_EQ(reading_of(MetadataText().text() + "\f"), Reading::syntax);
}

TEST(KernelMetadataJson, IsTruncatedWhereverItEndsEarly) {
  const std::string good = MetadataText()
                               .with("new", R"([1.5e+3,{"a":[-1,"\u00e9"]}])")
                               .with("source", R"({"a":[null,"\ud83d\ude00"],"type":"local"})")
                               .text();
  ASSERT_EQ(reading_of(good), Reading::good);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(reading_of(good.substr(0, size)), Reading::truncated) << good.substr(0, size);
  }
}

TEST(KernelMetadataJson, SaysTheFirstProblemInTheText) {
  EXPECT_EQ(reading_of(R"({"version":5)"), Reading::shape);
  EXPECT_EQ(reading_of(R"({"version":"5)"), Reading::truncated);
  EXPECT_EQ(reading_of(R"({"version":nul)"), Reading::truncated);
  EXPECT_EQ(reading_of(R"({"version":nix)"), Reading::syntax);
  EXPECT_EQ(reading_of(R"({"arch":nul)"), Reading::truncated);
  EXPECT_EQ(reading_of(R"({"source":{"type":"other")"), Reading::shape);
  // What a known type lacks shows only when the whole source was read.
  EXPECT_EQ(reading_of(R"({"source":{"type":"git","ref":1)"), Reading::truncated);
  EXPECT_EQ(reading_of(R"({"source":{"type":"git","ref":1})"), Reading::shape);
}

TEST(KernelMetadataJson, SaysLineAndColumn) {
  EXPECT_EQ(problem_of("{\n  \"arch\": x}"), "expected a value at line 2 column 11");
  EXPECT_EQ(problem_of("{\n"), "the text ends early at line 2 column 0");
}

TEST(KernelMetadataJson, MayBeAnArrayOfAllFieldsInOrder) {
  const std::string head = R"([null,["local","/src",null],"x86_64","bzImage",null,"t",null,null,)";
  const auto metadata = parse_kernel_metadata(head + "true,true,null,null]");
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata->source, KernelSource(LocalSource{"/src", std::nullopt}));
  EXPECT_EQ(metadata->built_at, "t");
  EXPECT_EQ(reading_of(head + "true,true,null]"), Reading::shape);
  EXPECT_EQ(reading_of(head + "true,true,null,null,null]"), Reading::syntax);
  EXPECT_EQ(reading_of(head + "true,true,null,null,]"), Reading::syntax);
  EXPECT_EQ(reading_of(head + "true,true,null,null"), Reading::truncated);
}

TEST(KernelMetadataJson, MayHaveItsSourceAsAnArray) {
  EXPECT_EQ(reading_with("source", R"(["tarball"])"), Reading::good);
  EXPECT_EQ(reading_with("source", R"(["git",null,"main"])"), Reading::good);
  EXPECT_EQ(reading_with("source", R"(["tarball",null])"), Reading::shape);
  EXPECT_EQ(reading_with("source", R"(["git",null])"), Reading::shape);
  EXPECT_EQ(reading_with("source", R"(["git",null,null,null])"), Reading::shape);
  EXPECT_EQ(reading_with("source", R"(["tarball",])"), Reading::syntax);
}

}  // namespace
}  // namespace ktstr
