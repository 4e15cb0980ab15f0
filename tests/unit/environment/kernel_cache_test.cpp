// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "environment/kernel.hpp"
#include "ktstr/kernel.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"
#include "support/temporary_directory.hpp"
#include "unit/environment/metadata_text.hpp"
#include "unit/environment/variables_of.hpp"

namespace ktstr {
namespace {

using test::MetadataText;
using test::TemporaryDirectory;
using Lines = std::vector<std::string>;

TEST(KernelCacheKeyRules, AllowNearlyEverything) {
  for (const char* key : {"6.14.2-tarball-x86_64-kc00000000", "a b", "a.b", "linux~", "\xc3\xa9"}) {
    EXPECT_TRUE(is_valid_kernel_key(key)) << key;
  }
}

TEST(KernelCacheKeyRules, RefuseWhatCouldLeaveTheCacheOrHide) {
  for (const std::string& key :
       {std::string(), std::string(" \t\xc2\xa0"), std::string("a/b"), std::string("/"),
        std::string("a\\b"), std::string("a..b"), std::string(".."), std::string("a\0b", 3),
        std::string(".tmp-x-1"), std::string(".hidden")}) {
    EXPECT_FALSE(is_valid_kernel_key(key)) << key;
  }
}

TEST(KernelCacheKeyOfATarball, HasVersionArchitectureAndSuffix) {
  EXPECT_EQ(tarball_kernel_key("6.14.2", "x86_64", "c0bd848c"), "6.14.2-tarball-x86_64-kcc0bd848c");
}

TEST(KconfigSuffix, IsTheCrc32OfTheBytes) {
  EXPECT_EQ(kconfig_suffix("123456789"), "cbf43926");
  EXPECT_EQ(kconfig_suffix(""), "00000000");
  EXPECT_EQ(kconfig_suffix("a"), "e8b7be43");
  EXPECT_EQ(kconfig_suffix(std::string(32, '\xff')), "ff6cab0b");
}

/// A cache on the real file system.
class KernelCacheEntries : public ::testing::Test {
 protected:
  void put(const std::string& key, const MetadataText& metadata,
           const std::string& image = "bzImage") {
    directory_.write(key + "/metadata.json", metadata.text());
    directory_.write(key + "/" + image, "");
  }
  [[nodiscard]] std::optional<KernelCacheEntry> lookup(const std::string& key) {
    return lookup_kernel(
        system_file_system(), directory_.path(), key,
        [this](std::string_view line) { lines_.emplace_back(line); }, gate_);
  }
  [[nodiscard]] std::vector<ListedKernel> list() const {
    return KernelCache(directory_.path()).list().value();
  }
  [[nodiscard]] Lines listed_keys() const {
    Lines keys;
    for (const ListedKernel& kernel : list()) {
      keys.push_back(std::visit([](const auto& entry) { return entry.key; }, kernel));
    }
    return keys;
  }
  /// Of the only entry there is.
  [[nodiscard]] CorruptKernelEntry corrupt() const {
    const auto kernels = list();
    if (kernels.size() != 1) throw std::logic_error("not one entry");
    return std::get<CorruptKernelEntry>(kernels.front());
  }

  TemporaryDirectory directory_;
  OncePerKey gate_;
  Lines lines_;
};

using KernelLookup = KernelCacheEntries;

TEST_F(KernelLookup, FindsAnEntryWithItsMetadata) {
  put("a key", MetadataText().with_local_source("/src"));
  const auto entry = KernelCache(directory_.path()).lookup("a key");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->key, "a key");
  EXPECT_EQ(entry->path, directory_.path("a key"));
  EXPECT_EQ(entry->metadata.version, "6.14.2");
}

TEST_F(KernelLookup, DoesNotAskForWhichMachineTheKernelIs) {
  put("key", MetadataText().with("arch", R"("pdp11")"));
  EXPECT_TRUE(lookup("key"));
}

TEST_F(KernelLookup, FindsNothingWithoutADirectoryOfThatName) {
  directory_.write("file", "");
  EXPECT_FALSE(lookup("missing"));
  EXPECT_FALSE(lookup("file"));
  EXPECT_FALSE(KernelCache(directory_.path("missing")).lookup("key"));
}

TEST_F(KernelLookup, FollowsALinkToAnEntry) {
  put("key", MetadataText());
  std::filesystem::create_directory_symlink("key", directory_.path("link"));
  EXPECT_TRUE(lookup("link"));
}

TEST_F(KernelLookup, FindsNothingWithoutReadableMetadata) {
  directory_.write("key/bzImage", "");
  EXPECT_FALSE(lookup("key"));
  directory_.write("key/metadata.json", "{}");
  EXPECT_FALSE(lookup("key"));
}

TEST_F(KernelLookup, FindsNothingWithoutTheImage) {
  directory_.write("key/metadata.json", MetadataText().text());
  EXPECT_FALSE(lookup("key"));
  std::filesystem::create_symlink("nowhere", directory_.path("key/bzImage"));
  EXPECT_FALSE(lookup("key"));
}

TEST_F(KernelLookup, TakesAnythingThatExistsForTheImage) {
  directory_.write("key/metadata.json", MetadataText().text());
  std::filesystem::create_directory(directory_.path("key/bzImage"));
  EXPECT_TRUE(lookup("key"));
}

TEST_F(KernelLookup, TakesAnEmptyImageNameForTheEntryItself) {
  directory_.write("key/metadata.json", MetadataText().with("image_name", R"("")").text());
  EXPECT_TRUE(lookup("key"));
}

TEST_F(KernelLookup, TakesAnAbsoluteImageNameAsItStands) {
  const std::string image = directory_.write("elsewhere", "");
  directory_.write("key/metadata.json",
                   MetadataText().with("image_name", "\"" + image + "\"").text());
  EXPECT_TRUE(lookup("key"));
}

TEST_F(KernelLookup, WarnsOfAKeyThatCannotBeOne) {
  put("sub/key", MetadataText());
  EXPECT_FALSE(lookup("sub/key"));
  EXPECT_EQ(lines_, (Lines{"ktstr: not a kernel cache key: \"sub/key\""}));
}

TEST_F(KernelLookup, WarnsOfAnUnstrippedVmlinuxOncePerKey) {
  put("a", MetadataText().with("vmlinux_stripped", "false"));
  put("b", MetadataText().with("vmlinux_stripped", "false"));
  EXPECT_TRUE(lookup("a"));
  EXPECT_TRUE(lookup("a"));
  EXPECT_TRUE(lookup("b"));
  EXPECT_EQ(lines_.size(), 2U);
}

TEST_F(KernelLookup, IsSilentAboutAStrippedOrMissingVmlinux) {
  put("a", MetadataText());
  put("b", MetadataText().with("vmlinux_stripped", "false").with("has_vmlinux", "false"));
  EXPECT_TRUE(lookup("a"));
  EXPECT_TRUE(lookup("b"));
  EXPECT_TRUE(lines_.empty());
}

using KernelList = KernelCacheEntries;

TEST_F(KernelList, OfAMissingRootIsEmpty) {
  const auto kernels = KernelCache(directory_.path("missing")).list();
  ASSERT_TRUE(kernels);
  EXPECT_TRUE(kernels->empty());
}

TEST_F(KernelList, OfAFileIsAnError) {
  EXPECT_FALSE(KernelCache(directory_.write("file", "")).list());
}

TEST_F(KernelList, SkipsDotNamesFilesAndNamesThatAreNotUtf8) {
  put("good", MetadataText());
  put(".tmp-good-1", MetadataText());
  put(".locks", MetadataText());
  put("\xff", MetadataText());
  directory_.write("file", "");
  EXPECT_EQ(listed_keys(), (Lines{"good"}));
}

TEST_F(KernelList, SortsByTheTextOfBuiltAtNewestFirstAndCorruptLast) {
  put("a", MetadataText().with("built_at", R"("2026-01-01T00:00:00Z")"));
  put("b", MetadataText().with("built_at", R"("yesterday")"));
  directory_.write("c/bzImage", "");
  put("d", MetadataText().with("built_at", R"("2026-02-01T00:00:00Z")"));
  EXPECT_EQ(listed_keys(), (Lines{"b", "d", "a", "c"}));
}

TEST_F(KernelList, SaysThatMetadataIsMissing) {
  std::filesystem::create_directory(directory_.path("key"));
  EXPECT_EQ(corrupt().reason, "metadata.json missing");
  EXPECT_EQ(corrupt().path, directory_.path("key"));
  EXPECT_STREQ(corrupt().error_kind(), "missing");
}

TEST_F(KernelList, SaysThatMetadataIsUnreadable) {
  std::filesystem::create_directories(directory_.path("key/metadata.json"));
  EXPECT_EQ(corrupt().reason, "metadata.json unreadable: Is a directory (os error 21)");
  EXPECT_STREQ(corrupt().error_kind(), "unreadable");
}

TEST_F(KernelList, CallsMetadataThatIsNotUtf8Unreadable) {
  directory_.write("key/metadata.json", "{\"arch\":\"\xff\"}");
  EXPECT_STREQ(corrupt().error_kind(), "unreadable");
}

TEST_F(KernelList, TellsTheKindsOfBadMetadataApart) {
  const std::vector<std::pair<std::string, const char*>> texts = {
      {"{}", "schema_drift"},          {MetadataText().text() + "x", "malformed"},
      {"\xef\xbb\xbf{}", "malformed"}, {"", "truncated"},
      {"{\"arch\":", "truncated"},
  };
  for (const auto& [text, kind] : texts) {
    directory_.write("key/metadata.json", text);
    EXPECT_STREQ(corrupt().error_kind(), kind) << text;
  }
}

TEST_F(KernelList, SaysThatTheImageIsMissing) {
  directory_.write("key/metadata.json", MetadataText().text());
  EXPECT_EQ(corrupt().reason, "image file bzImage missing from entry directory");
  EXPECT_STREQ(corrupt().error_kind(), "image_missing");
}

TEST(KernelCorruptKind, GoesByTheTextOfTheReason) {
  const std::vector<std::pair<const char*, const char*>> kinds = {
      {"metadata.json missing", "missing"},
      {"metadata.json missing.", "unknown"},
      {"metadata.json unreadable: x", "unreadable"},
      {"metadata.json schema drift: x", "schema_drift"},
      {"metadata.json malformed: x", "malformed"},
      {"metadata.json truncated: x", "truncated"},
      {"metadata.json parse error: x", "parse_error"},
      {"image file x missing from entry directory", "image_missing"},
      {"image file  missing from entry directory", "unknown"},
      {"image file missing from entry directory", "unknown"},
      {"", "unknown"},
  };
  for (const auto& [reason, kind] : kinds) {
    EXPECT_STREQ((CorruptKernelEntry{"", "", reason}.error_kind()), kind) << reason;
  }
}

TEST(KernelListFaults, AreErrorsOfTheWholeCall) {
  test::FakeClock clock;
  test::FakeFileSystem files(clock);
  files.put_file("/cache/key/metadata.json", MetadataText().text());
  files.fail_list("/cache", EIO);
  EXPECT_FALSE(list_kernels(files, "/cache"));
  files.fail_list("/cache", 0);
  files.fail_open("/cache", EACCES);
  EXPECT_FALSE(list_kernels(files, "/cache"));
}

TEST(KernelListFaults, MakeOneEntryUnreadable) {
  test::FakeClock clock;
  test::FakeFileSystem files(clock);
  files.put_file("/cache/key/metadata.json", MetadataText().text());
  files.fail_open("/cache/key/metadata.json", EACCES);
  const auto kernels = list_kernels(files, "/cache");
  ASSERT_TRUE(kernels);
  ASSERT_EQ(kernels->size(), 1U);
  EXPECT_EQ(std::get<CorruptKernelEntry>(kernels->front()).reason,
            "metadata.json unreadable: Permission denied (os error 13)");
}

class RecoverLocalSourceTree : public ::testing::Test {
 protected:
  std::optional<std::string> recover(const MetadataText& metadata) {
    directory_.write("metadata.json", metadata.text());
    return recover_local_source_tree(directory_.path());
  }
  TemporaryDirectory directory_;
};

TEST_F(RecoverLocalSourceTree, GivesThePathWithoutAskingWhetherItExists) {
  EXPECT_EQ(recover(MetadataText().with_local_source("/no/such/tree")), "/no/such/tree");
  EXPECT_EQ(recover(MetadataText().with_local_source("")), "");
}

TEST_F(RecoverLocalSourceTree, GivesNothingForOtherSources) {
  EXPECT_EQ(recover(MetadataText()), std::nullopt);
  EXPECT_EQ(recover(MetadataText().with("source", R"({"type":"git","source_tree_path":"/x"})")),
            std::nullopt);
  EXPECT_EQ(recover(MetadataText().with("source", R"({"type":"local","source_tree_path":null})")),
            std::nullopt);
}

TEST_F(RecoverLocalSourceTree, GivesNothingWithoutReadableMetadata) {
  EXPECT_EQ(recover_local_source_tree(directory_.path()), std::nullopt);
  EXPECT_EQ(recover(MetadataText().with_local_source("/x").without("arch")), std::nullopt);
}

using test::variables_of;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Values = std::map<std::string, std::string>;

std::string root_with(const Values& values) {
  return kernel_cache_root(variables_of(values)).value_or("an error");
}

Error error_with(const Values& values) {
  const auto root = kernel_cache_root(variables_of(values));
  return root ? Error{ErrorCode::io, "no error but " + *root} : root.error();
}

TEST(KernelCacheRoot, IsTheVariableAsItStands) {
  EXPECT_EQ(
      root_with({{"KTSTR_CACHE_DIR", "rel/ative "}, {"XDG_CACHE_HOME", "/x"}, {"HOME", "/h"}}),
      "rel/ative ");
}

TEST(KernelCacheRoot, IsBelowXdgCacheHomeElse) {
  EXPECT_EQ(root_with({{"XDG_CACHE_HOME", "/x"}, {"HOME", "/h"}}), "/x/ktstr/kernels");
  EXPECT_EQ(root_with({{"XDG_CACHE_HOME", "rel/"}}), "rel/ktstr/kernels");
}

TEST(KernelCacheRoot, IsBelowHomeAtLast) {
  EXPECT_EQ(root_with({{"HOME", "/h"}}), "/h/.cache/ktstr/kernels");
}

TEST(KernelCacheRoot, TakesEmptyVariablesAsUnset) {
  EXPECT_EQ(root_with({{"KTSTR_CACHE_DIR", ""}, {"XDG_CACHE_HOME", ""}, {"HOME", "/h"}}),
            "/h/.cache/ktstr/kernels");
}

TEST(KernelCacheRoot, PassesOverAnXdgCacheHomeThatIsNotUtf8) {
  EXPECT_EQ(root_with({{"XDG_CACHE_HOME", "/\xff"}, {"HOME", "/h"}}), "/h/.cache/ktstr/kernels");
}

TEST(KernelCacheRoot, TakesAnyAbsoluteHomeButTheRoot) {
  EXPECT_EQ(root_with({{"HOME", "//"}}), "//.cache/ktstr/kernels");
  EXPECT_EQ(root_with({{"HOME", "/."}}), "/./.cache/ktstr/kernels");
  EXPECT_EQ(root_with({{"HOME", "/dev/null"}}), "/dev/null/.cache/ktstr/kernels");
}

TEST(KernelCacheRoot, DoesNotFallBackFromAVariableThatIsNotUtf8) {
  const Error error = error_with({{"KTSTR_CACHE_DIR", "/a\xff"}, {"HOME", "/h"}});
  EXPECT_EQ(error.code, ErrorCode::usage);
  EXPECT_EQ(error.message, "KTSTR_CACHE_DIR contains non-UTF-8 bytes (3 bytes): /a\xef\xbf\xbd");
}

TEST(KernelCacheRoot, NeedsAHome) {
  for (const Values& values : {Values{}, Values{{"HOME", "/\xff"}}}) {
    EXPECT_THAT(error_with(values).message,
                AllOf(HasSubstr("HOME is unset"), HasSubstr("KTSTR_CACHE_DIR")));
  }
}

TEST(KernelCacheRoot, NeedsAHomeThatIsNotEmpty) {
  EXPECT_THAT(error_with({{"HOME", ""}}).message,
              AllOf(HasSubstr("HOME is set to the empty string"), HasSubstr("KTSTR_CACHE_DIR")));
}

TEST(KernelCacheRoot, IsNotPutBelowTheRootDirectory) {
  EXPECT_THAT(
      error_with({{"HOME", "/"}}).message,
      AllOf(HasSubstr("HOME is `/`"), HasSubstr("/.cache/ktstr"), HasSubstr("KTSTR_CACHE_DIR")));
}

TEST(KernelCacheRoot, NeedsAnAbsoluteHome) {
  EXPECT_THAT(error_with({{"HOME", "u/home"}}).message,
              AllOf(HasSubstr("not an absolute path"), HasSubstr("\"u/home\""),
                    HasSubstr("KTSTR_CACHE_DIR")));
}

TEST(KernelCacheRoot, IsWhereACacheOpens) {
  const auto cache = KernelCache::open(variables_of({{"HOME", "/h"}}));
  ASSERT_TRUE(cache);
  EXPECT_EQ(cache->root(), "/h/.cache/ktstr/kernels");
  EXPECT_FALSE(KernelCache::open(variables_of({})));
}

}  // namespace
}  // namespace ktstr
