// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <ostream>

#include "ktstr/kernel.hpp"
#include "unit/environment/variables_of.hpp"

namespace ktstr {

// So that a failure shows what an identifier was taken for.
std::ostream& operator<<(std::ostream& out, const KernelId& id) {
  constexpr const char* k_names[] = {"path", "version", "cache key", "range", "git"};
  return out << k_names[id.index()] << " " << kernel_id_text(id);
}

namespace {

using test::variables_of;

const Variables k_at_home = variables_of({{"HOME", "/home/u"}});
const Variables k_homeless = variables_of({});

TEST(KernelIdText, IsAVersionIfItLooksLikeOne) {
  for (const char* text : {"6.14", "6.14.2", "6.15-rc3", "6.14.2-rc1", "06.014", "0.0"}) {
    EXPECT_TRUE(is_kernel_version(text)) << text;
    EXPECT_EQ(parse_kernel_id(text, k_at_home), KernelId(KernelVersion{text}));
  }
}

TEST(KernelIdText, IsACacheKeyIfNothingElseFits) {
  for (const char* text : {"6",
                           "v6.14",
                           "6.",
                           "6.14.",
                           "6.14.2.1",
                           "6.14-rc",
                           "6.14-rc3a",
                           "6.14-RC3",
                           "6.14 ",
                           "6.14-rc3-rc4",
                           "6.1\xd9\xa3",
                           "6.14.2-tarball-x86_64",
                           "local-deadbeef-x86_64",
                           "6.14.2-rc1-tarball-x86_64-kc00000000",
                           "linux",
                           "",
                           "foo..bar",
                           "6.10..foo",
                           "6.10..",
                           "6.10...6.15",
                           "6.10..6.12..6.14",
                           "git+#main",
                           "git+url",
                           "-rc1",
                           "6..14"}) {
    EXPECT_FALSE(is_kernel_version(text)) << text;
    EXPECT_EQ(parse_kernel_id(text, k_at_home), KernelId(KernelCacheKey{text}));
  }
}

TEST(KernelIdText, IsAPathIfItHasASlashOrStartsWithADotOrATilde) {
  for (const char* text : {"../linux", "/boot/vmlinuz", "./linux", ".", "..", "...", ".hidden",
                           "6.14/", "..6.10", "6.10..6.15/x", "~peer/linux", "~~", "~x"}) {
    EXPECT_EQ(parse_kernel_id(text, k_at_home), KernelId(KernelPath{text}));
  }
}

TEST(KernelIdText, HasItsTildeExpandedAgainstHome) {
  EXPECT_EQ(parse_kernel_id("~/linux", k_at_home), KernelId(KernelPath{"/home/u/linux"}));
  EXPECT_EQ(parse_kernel_id("~", k_at_home), KernelId(KernelPath{"/home/u"}));
  EXPECT_EQ(parse_kernel_id("~/", k_at_home), KernelId(KernelPath{"/home/u"}));
  EXPECT_EQ(parse_kernel_id("~//foo", k_at_home), KernelId(KernelPath{"/home/u/foo"}));
}

TEST(KernelIdText, KeepsItsTildeWithoutAUsableHome) {
  for (const Variables& variables :
       {k_homeless, variables_of({{"HOME", ""}}), variables_of({{"HOME", "/\xff"}})}) {
    EXPECT_EQ(parse_kernel_id("~/linux", variables), KernelId(KernelPath{"~/linux"}));
    EXPECT_EQ(parse_kernel_id("~", variables), KernelId(KernelPath{"~"}));
  }
}

TEST(KernelIdText, IsARangeBetweenTwoVersions) {
  EXPECT_EQ(parse_kernel_id("6.10..6.15", k_at_home), KernelId(KernelRange{"6.10", "6.15", false}));
  EXPECT_EQ(parse_kernel_id("6.10..=6.15", k_at_home), KernelId(KernelRange{"6.10", "6.15", true}));
}

TEST(KernelIdText, MayBeAnInvertedRange) {
  EXPECT_EQ(parse_kernel_id("6.10.5..6.10.10", k_at_home),
            KernelId(KernelRange{"6.10.5", "6.10.10", false}));
  EXPECT_EQ(parse_kernel_id("6.10..6.10-rc3", k_at_home),
            KernelId(KernelRange{"6.10", "6.10-rc3", false}));
}

TEST(KernelIdText, IsAGitSpecWithAUrlAndAReference) {
  const auto git = [](const char* url, const char* reference) {
    return KernelId(KernelGit{url, reference});
  };
  EXPECT_EQ(parse_kernel_id("git+https://example.com/r.git#main", k_at_home),
            git("https://example.com/r.git", "main"));
  EXPECT_EQ(parse_kernel_id("git+https://x#frag#main", k_at_home), git("https://x#frag", "main"));
  EXPECT_EQ(parse_kernel_id("git+/local/repo#v1", k_at_home), git("/local/repo", "v1"));
  EXPECT_EQ(parse_kernel_id("git+a#b/c", k_at_home), git("a", "b/c"));
  EXPECT_EQ(parse_kernel_id("git+url#main", k_at_home), git("url", "main"));
}

TEST(KernelIdText, IsAPathIfAGitSpecLacksAPartAndHasASlash) {
  for (const char* text :
       {"git+https://example.com/r.git#", "git+https://h/r.git", "GIT+https://h/r#m"}) {
    EXPECT_EQ(parse_kernel_id(text, k_at_home), KernelId(KernelPath{text}));
  }
}

TEST(KernelIdText, ComesBackFromTheIdentifier) {
  for (const char* text :
       {"../linux", "6.14.2", "some-key", "6.10..6.15", "6.10..=6.15", "git+https://x#frag#main"}) {
    EXPECT_EQ(kernel_id_text(parse_kernel_id(text, k_homeless)), text);
  }
}

TEST(KernelIdList, KeepsOrderAndDuplicatesButNoEmptyParts) {
  const std::vector<KernelId> expected = {KernelVersion{"6.14"}, KernelPath{"../linux"},
                                          KernelVersion{"6.14"}};
  EXPECT_EQ(parse_kernel_list(" 6.14 ,,\t../linux,\xe2\x80\x83 6.14\xc2\xa0, ", k_at_home),
            expected);
  EXPECT_TRUE(parse_kernel_list("", k_at_home).empty());
  EXPECT_TRUE(parse_kernel_list(" , ", k_at_home).empty());
}

bool is_valid(const char* text) {
  return validate_kernel_id(parse_kernel_id(text, k_at_home)).has_value();
}

TEST(KernelIdValidation, LetsPassWhateverIsNoRange) {
  for (const char* text : {"6.14", "linux", "/x", "git+a#b", ""}) EXPECT_TRUE(is_valid(text));
}

TEST(KernelIdValidation, ComparesTheNumbersOfARange) {
  for (const char* text : {"6.10..6.15", "6.9..6.10", "6.10.5..6.10.10", "6.10..6.10",
                           "6.10..6.10.0", "06.10..6.10", "5.99..=6.0"}) {
    EXPECT_TRUE(is_valid(text)) << text;
  }
  for (const char* text : {"6.15..6.10", "6.10..6.9", "6.10.10..6.10.5", "6.0..=5.99",
                           "6.18446744073709551616..6.2"}) {
    EXPECT_FALSE(is_valid(text)) << text;
  }
}

TEST(KernelIdValidation, TakesAReleaseForNewerThanItsCandidates) {
  EXPECT_TRUE(is_valid("6.10-rc3..6.10"));
  EXPECT_TRUE(is_valid("6.10-rc9..6.10-rc10"));
  EXPECT_TRUE(is_valid("6.10..6.11-rc1"));
  EXPECT_FALSE(is_valid("6.10..6.10-rc3"));
  EXPECT_FALSE(is_valid("6.10-rc10..6.10-rc9"));
}

TEST(KernelIdValidation, SaysTheSpecAndItsInversionInTheSameSpelling) {
  const auto result = validate_kernel_id(KernelRange{"6.15", "6.10", true});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::usage);
  EXPECT_EQ(result.error().message,
            "inverted kernel range `6.15..=6.10`; did you mean `6.10..=6.15`?");
}

}  // namespace
}  // namespace ktstr
