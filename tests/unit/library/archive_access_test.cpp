// SPDX-License-Identifier: MIT
#include "library/archive_access.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

OpenIndexOptions options_with(std::map<std::string, std::string> variables) {
  OpenIndexOptions options;
  options.variables = [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  return options;
}

Result<std::int64_t> cap_of(const std::string& text) {
  return archive_cap_bytes(options_with({{k_archive_cap_variable, text}}).variables);
}

TEST(ArchiveCap, IsTwoGibibytesUnlessTheVariableSaysAnother) {
  EXPECT_EQ(archive_cap_bytes(options_with({}).variables), std::int64_t{2} << 30);
  EXPECT_EQ(cap_of(""), std::int64_t{2} << 30);
  EXPECT_EQ(cap_of("500M"), std::int64_t{500} << 20);
  ASSERT_FALSE(cap_of("much"));
  EXPECT_EQ(cap_of("much").error().code, ErrorCode::usage);
}

TEST(ArchiveCap, IsTalkedAboutOnlyWhenSomethingWasDropped) {
  EXPECT_EQ(cap_sentence({}, 1 << 20), "");
  const CapReport report{3, 1, 5'000, 1'783'200'000'000'000'000};
  EXPECT_EQ(cap_sentence(report, std::int64_t{2} << 30),
            "the archive's documents were over 2.00 GiB: dropped the bytes of 3 results and 1 "
            "dumps last seen up to 2026-07-04; their rows stay (ktstr-index gc says more)");
}

TEST(ArchiveAccess, MakesNoArchiveForThoseWhoReadOrChange) {
  TemporaryDirectory directory;
  const std::string path = directory.path("data/archive.sqlite3");
  OpenIndexOptions options = options_with({});
  options.archive = path;
  EXPECT_EQ(open_chosen_archive(options).error().code, ErrorCode::not_found);
  EXPECT_EQ(open_chosen_archive_to_change(options).error().code, ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(directory.path("data")));
}

TEST(ArchiveAccess, SaysWhyThereIsNone) {
  OpenIndexOptions options = options_with({{"CI", "true"}, {"HOME", "/nowhere"}});
  EXPECT_NE(open_chosen_archive(options).error().message.find("CI"), std::string::npos);
}

TEST(ArchiveCopies, AreWhatLiesBesideButForItsOwnFiles) {
  TemporaryDirectory directory;
  for (const char* name : {"a.sqlite3", "a.sqlite3-wal", "a.sqlite3-shm", "a.sqlite3.lock",
                           "a.sqlite3.layout-1-5", "a.sqlite3.aside-7-8", "other"}) {
    directory.write(name, "");
  }
  EXPECT_EQ(copies_beside(directory.path("a.sqlite3")),
            (std::vector<std::string>{directory.path("a.sqlite3.aside-7-8"),
                                      directory.path("a.sqlite3.layout-1-5")}));
}

}  // namespace
}  // namespace ktstr::test
