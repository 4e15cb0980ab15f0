// SPDX-License-Identifier: MIT
#include "archive/tables.hpp"

#include <gtest/gtest.h>

#include "support/archive_fixture.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

constexpr const char* k_dump = "alpha-0123456789abcdef.failure-dump.json";
constexpr const char* k_file = "alpha-0123456789abcdef.ktstr.json";

class DumpOwner : public testing::Test {
 protected:
  void put_version(const std::string& commit, std::int64_t mtime_ns,
                   const std::string& file_name = k_file) {
    Record record = small_record("alpha");
    record.project_commit = commit;
    const std::string id = archive_.put({"run", "", file_name, encode_record(record)});
    archive_.database().exec("UPDATE sidecar SET mtime_ns = " + std::to_string(mtime_ns) +
                             " WHERE id = '" + id + "'");
  }
  void put_dump(std::int64_t mtime_ns, const std::string& file_name = k_dump) {
    archive_.put_dump({"run", "", file_name, "{}"});
    archive_.database().exec("UPDATE artifact SET mtime_ns = " + std::to_string(mtime_ns) +
                             ", test_name = 'alpha', file_hash = " +
                             (file_name == k_dump ? "'0123456789abcdef'" : "NULL"));
  }
  /// The commit of the result; "" if none.
  std::string owner() {
    SQLite::Statement select(archive_.database(),
                             "SELECT project_commit FROM sidecar WHERE sidecar_id = (SELECT " +
                                 dump_owner_sql("a") + " FROM artifact a)");
    return select.executeStep() ? select.getColumn(0).getString() : "";
  }

  TemporaryDirectory directory_;
  FilledArchive archive_{directory_.path("archive.sqlite3")};
};

TEST_F(DumpOwner, IsTheFirstVersionThatCameAfterTheDump) {
  put_version("first", 100);
  put_version("second", 200);
  put_version("third", 300);
  put_dump(150);
  EXPECT_EQ(owner(), "second");
}

TEST_F(DumpOwner, IsTheVersionOfTheSameInstant) {
  put_version("first", 100);
  put_version("second", 200);
  put_dump(100);
  EXPECT_EQ(owner(), "first");
}

TEST_F(DumpOwner, IsTheLastVersionIfAllAreOlder) {
  put_version("second", 200);
  put_version("first", 100);
  put_dump(900);
  EXPECT_EQ(owner(), "second");
}

TEST_F(DumpOwner, HasTheSameVariantHash) {
  put_version("other", 100, "alpha-fedcba9876543210.ktstr.json");
  put_dump(50);
  EXPECT_EQ(owner(), "");
  put_version("same", 900);
  EXPECT_EQ(owner(), "same");
}

TEST_F(DumpOwner, IsOfTheSameTestIfTheDumpHasNoHash) {
  put_version("first", 100);
  put_dump(50, "alpha.failure-dump.json");
  EXPECT_EQ(owner(), "first");
}

TEST_F(DumpOwner, IsInTheSameDirectory) {
  put_version("first", 100);
  archive_.put_dump({"elsewhere", "", k_dump, "{}"});
  archive_.database().exec("UPDATE artifact SET test_name = 'alpha'");
  EXPECT_EQ(owner(), "");
}

}  // namespace
}  // namespace ktstr::test
