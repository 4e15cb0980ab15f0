// SPDX-License-Identifier: MIT
#include "store/import_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "store/tar_reader.hpp"
#include "support/temporary_directory.hpp"
#include "unit/store/tar_maker.hpp"

namespace {

using ktstr::ErrorCode;
using ktstr::ImportedFile;
using ktstr::ImportOptions;
using ktstr::ImportSummary;
using ktstr::Result;
using ktstr::test::TarMaker;
using ktstr::test::TarPacking;
using ktstr::test::TemporaryDirectory;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* k_run = "6.14.2-abc1234";
const std::string k_sidecar = "t-0123456789abcdef.ktstr.json";
const std::string k_dump = "t-0123456789abcdef.failure-dump.json";

struct Read {
  Result<ImportSummary> summary = ktstr::fail(ErrorCode::io, "not read");
  std::vector<ImportedFile> files;

  /// "RUN|JOB|FILE" each.
  [[nodiscard]] std::vector<std::string> places() const {
    std::vector<std::string> found;
    for (const ImportedFile& file : files) {
      found.push_back(file.run_dir + '|' + file.job + '|' + file.file_name);
    }
    return found;
  }
};

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Read read(const std::string& path, const ImportOptions& options = {}) {
  Read read;
  read.summary = ktstr::read_import_source(path, options, [&](ImportedFile&& file) {
    read.files.push_back(std::move(file));
    return Result<void>();
  });
  return read;
}

using Tree = std::vector<std::pair<std::string, std::string>>;

/// The same tree as a directory and in every packing: a rule has to hold for all.
void for_each_kind(const Tree& tree, const std::function<void(const Read&)>& check,
                   const ImportOptions& options = {}) {
  const TemporaryDirectory directory;
  for (const auto& [name, bytes] : tree) directory.write("source/" + name, bytes);
  {
    SCOPED_TRACE("directory");
    check(read(directory.path("source"), options));
  }
  const std::map<std::string, TarPacking> packings = {{"source.tar", TarPacking::none},
                                                      {"source.tar.gz", TarPacking::gzip},
                                                      {"source.tar.zst", TarPacking::zstd},
                                                      {"source.tar.xz", TarPacking::xz},
                                                      {"source.zip", TarPacking::zip}};
  for (const auto& [file_name, packing] : packings) {
    SCOPED_TRACE(file_name);
    TarMaker maker(directory.path(file_name), packing);
    for (const auto& [name, bytes] : tree) maker.file(name, bytes);
    maker.close();
    check(read(directory.path(file_name), options));
  }
}

void cut_to(const std::string& path, std::size_t size) { std::filesystem::resize_file(path, size); }

/// Bytes that no packing makes small.
std::string noise(std::size_t size) {
  std::string bytes;
  std::uint32_t state = 1;
  while (bytes.size() < size) {
    state = state * 1664525 + 1013904223;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

TEST(ImportPlaces, OfARunsRootAreItsRunDirectoriesAndTheirJobs) {
  for_each_kind({{std::string(k_run) + "/" + k_sidecar, "{}"},
                 {std::string(k_run) + "/job/" + k_sidecar, "{}"},
                 {"free/" + k_sidecar, "{}"}},
                [](const Read& read) {
                  ASSERT_TRUE(read.summary);
                  EXPECT_THAT(read.places(), UnorderedElementsAre("6.14.2-abc1234||" + k_sidecar,
                                                                  "6.14.2-abc1234|job|" + k_sidecar,
                                                                  "free||" + k_sidecar));
                });
}

TEST(ImportPlaces, AreFoundAsDeepAsArtifactDownloadsNestThem) {
  for_each_kind({{"a/b/6.14.2-abc1234/" + k_sidecar, "{}"},
                 {"a/b/6.14.2-abc1234/job/" + k_sidecar, "{}"},
                 {"a/6.15.0-unknown/" + k_sidecar, "{}"}},
                [](const Read& read) {
                  ASSERT_TRUE(read.summary);
                  EXPECT_THAT(read.places(), UnorderedElementsAre("6.14.2-abc1234||" + k_sidecar,
                                                                  "6.14.2-abc1234|job|" + k_sidecar,
                                                                  "6.15.0-unknown||" + k_sidecar));
                  EXPECT_EQ(read.summary->too_deep.count, 0U);
                });
}

TEST(ImportPlaces, DeeperThanThreeAreNamedInTheSummary) {
  for_each_kind({{"a/b/c/6.14.2-abc1234/" + k_sidecar, "{}"}, {"a/b/c/d/" + k_dump, "{}"}},
                [](const Read& read) {
                  ASSERT_TRUE(read.summary);
                  EXPECT_THAT(read.files, IsEmpty());
                  ASSERT_EQ(read.summary->too_deep.count, 2U);
                  std::vector<std::string> named;
                  for (const auto& item : read.summary->too_deep.first) named.push_back(item.path);
                  EXPECT_THAT(named, UnorderedElementsAre("a/b/c/6.14.2-abc1234/" + k_sidecar,
                                                          "a/b/c/d/" + k_dump));
                });
}

TEST(ImportPlaces, HaveTheSourcesOwnNameWhereItHoldsSidecarsItself) {
  for_each_kind({{k_sidecar, "{}"}, {"job/" + k_sidecar, "{}"}}, [](const Read& read) {
    ASSERT_TRUE(read.summary);
    EXPECT_THAT(read.places(),
                UnorderedElementsAre("source||" + k_sidecar, "source|job|" + k_sidecar));
  });
}

TEST(ImportPlaces, OfTwoRunKeysTakeTheInnerOne) {
  for_each_kind({{"6.14.2-abc1234/6.14.2-abc1234/" + k_sidecar, "{}"}}, [](const Read& read) {
    EXPECT_THAT(read.places(), ElementsAre("6.14.2-abc1234||" + k_sidecar));
  });
}

TEST(ImportPlaces, KnowARunDirectoryByItsSentinelThoughOnlyItsJobsHoldFiles) {
  for_each_kind(
      {{"named/job/" + k_sidecar, "{}"}, {"named/.ktstr_run_epoch", "token"}},
      [](const Read& read) { EXPECT_THAT(read.places(), ElementsAre("named|job|" + k_sidecar)); });
}

TEST(ImportPlaces, OfADirectoryBelowOneWithSidecarsIsAJob) {
  for_each_kind(
      {{"a/x/" + k_sidecar, "{}"}, {"a/" + k_sidecar, "{}"}, {"b/y/" + k_sidecar, "{}"}},
      [](const Read& read) {
        EXPECT_THAT(read.places(),
                    UnorderedElementsAre("a||" + k_sidecar, "a|x|" + k_sidecar, "y||" + k_sidecar));
      });
}

TEST(ImportPlaces, OfDumpsWithoutSidecarsAreTheirDirectory) {
  for_each_kind({{"a/b/" + k_dump, "{}"}},
                [](const Read& read) { EXPECT_THAT(read.places(), ElementsAre("b||" + k_dump)); });
}

TEST(ImportPlaces, TellTwoArtifactsWithTheSameRunApartByThePath) {
  for_each_kind(
      {{"arm/6.14.2-abc1234/" + k_sidecar, "1"}, {"x64/6.14.2-abc1234/" + k_sidecar, "2"}},
      [](const Read& read) {
        ASSERT_EQ(read.files.size(), 2U);
        EXPECT_EQ(read.files[0].path, "arm/6.14.2-abc1234/" + k_sidecar);
        EXPECT_EQ(read.files[1].path, "x64/6.14.2-abc1234/" + k_sidecar);
      });
}

TEST(ImportSession, IsTheSentinelsTokenForFilesDirectlyInTheRun) {
  // The sentinel comes last: only a look ahead can know it.
  for_each_kind({{"6.14.2-abc1234/" + k_sidecar, "{}"},
                 {"6.14.2-abc1234/job/" + k_sidecar, "{}"},
                 {"6.14.2-abc1234/.ktstr_run_epoch", "1700000000-1"}},
                [](const Read& read) {
                  ASSERT_EQ(read.files.size(), 2U);
                  for (const ImportedFile& file : read.files) {
                    EXPECT_EQ(file.session, file.job.empty()
                                                ? std::optional<std::string>("1700000000-1")
                                                : std::nullopt);
                  }
                });
}

TEST(ImportSession, IsNoneWhereATarHasTwoThatDiffer) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.tar");
  TarMaker(path)
      .file("6.14.2-abc1234/.ktstr_run_epoch", "one")
      .file("6.14.2-abc1234/" + k_sidecar, "{}")
      .file("6.14.2-abc1234/.ktstr_run_epoch", "two");
  const Read found = read(path);
  ASSERT_EQ(found.files.size(), 1U);
  EXPECT_EQ(found.files[0].session, std::nullopt);
}

TEST(ImportContent, IsDeliveredByteForByteWithItsTime) {
  const std::string bytes("{\"a\":\"\xff\0\"}", 11);
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.tar.zst");
  TarMaker(path, TarPacking::zstd).file("6.14.2-abc1234/" + k_sidecar, bytes, 1'700'000'000);
  const Read found = read(path);
  ASSERT_EQ(found.files.size(), 1U);
  EXPECT_EQ(found.files[0].bytes, bytes);
  EXPECT_EQ(found.files[0].mtime_ns, 1'700'000'000'000'000'000);
}

TEST(ImportContent, OfOtherFilesIsCountedAndTracesComeOnRequest) {
  const Tree tree = {{"6.14.2-abc1234/" + k_sidecar, "{}"},
                     {"6.14.2-abc1234/t-1.attempt-1.failure-dump.json", "{}"},
                     {"6.14.2-abc1234/t-1.wprof.pb", "trace"},
                     {"6.14.2-abc1234/notes.txt", "x"}};
  for_each_kind(tree, [](const Read& read) {
    ASSERT_TRUE(read.summary);
    EXPECT_EQ(read.summary->sidecars, 1U);
    EXPECT_EQ(read.summary->failure_dumps, 1U);
    EXPECT_EQ(read.summary->traces, 0U);
    EXPECT_EQ(read.summary->ignored, 2U);
    EXPECT_EQ(read.summary->bytes, 4U);
  });
  ImportOptions options;
  options.traces = true;
  for_each_kind(
      tree,
      [](const Read& read) {
        ASSERT_TRUE(read.summary);
        EXPECT_EQ(read.summary->traces, 1U);
        EXPECT_EQ(read.summary->ignored, 1U);
      },
      options);
}

TEST(ImportContent, OfANameThatATarHoldsTwiceComesTwiceInOrder) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.tar");
  TarMaker(path).file("r/" + k_sidecar, "first").file("r/" + k_sidecar, "second");
  const Read found = read(path);
  ASSERT_EQ(found.files.size(), 2U);
  EXPECT_EQ(found.files[0].bytes, "first");
  EXPECT_EQ(found.files[1].bytes, "second");
}

TEST(ImportContent, OfAnEmptySourceIsNoError) {
  const TemporaryDirectory directory;
  TarMaker(directory.path("a.tar")).close();
  std::filesystem::create_directory(directory.path("empty"));
  for (const char* name : {"a.tar", "empty"}) {
    const Read found = read(directory.path(name));
    ASSERT_TRUE(found.summary) << name;
    EXPECT_EQ(found.summary->files(), 0U) << name;
  }
}

TEST(ImportContent, OfNamesBeyondAsciiIsFound) {
  const TemporaryDirectory directory;
  for (const auto packing : {TarPacking::none, TarPacking::zip}) {
    const std::string path = directory.path("a");
    TarMaker(path, packing).file("r\xc3\xbcn/" + k_sidecar, "{}");
    EXPECT_THAT(read(path).places(), ElementsAre("r\xc3\xbcn||" + k_sidecar));
  }
}

TEST(ImportDirectory, ComesInByteOrderWithFilesBeforeSubdirectories) {
  const TemporaryDirectory directory;
  for (const char* name :
       {"b-1.ktstr.json", "a-1.ktstr.json", "B-1.ktstr.json", "Job/z-1.ktstr.json"}) {
    directory.write(std::string("6.14.2-abc1234/") + name, "{}");
  }
  EXPECT_THAT(read(directory.path("6.14.2-abc1234")).places(),
              ElementsAre("6.14.2-abc1234||B-1.ktstr.json", "6.14.2-abc1234||a-1.ktstr.json",
                          "6.14.2-abc1234||b-1.ktstr.json", "6.14.2-abc1234|Job|z-1.ktstr.json"));
}

TEST(ImportDirectory, NamedByADotHasItsRealName) {
  const TemporaryDirectory directory;
  directory.write("named/" + k_sidecar, "{}");
  for (const char* name : {"named/", "named/.", "named/sub/..", "./named"}) {
    std::filesystem::create_directories(directory.path("named/sub"));
    EXPECT_THAT(read(directory.path(name)).places(), ElementsAre("named||" + k_sidecar)) << name;
  }
}

TEST(ImportDirectory, NeverFollowsALink) {
  const TemporaryDirectory directory;
  const std::string secret = directory.write("outside/" + k_sidecar, "secret");
  directory.write("source/r/x-1.ktstr.json", "{}");
  std::filesystem::create_symlink(secret, directory.path("source/r/" + k_sidecar));
  std::filesystem::create_symlink(directory.path("outside"), directory.path("source/linked"));
  const Read found = read(directory.path("source"));
  ASSERT_TRUE(found.summary);
  EXPECT_THAT(found.places(), ElementsAre("r||x-1.ktstr.json"));
  EXPECT_EQ(found.summary->refused.count, 2U);
}

TEST(ImportDirectory, MayBeALinkItself) {
  const TemporaryDirectory directory;
  directory.write("real/r/" + k_sidecar, "{}");
  std::filesystem::create_symlink(directory.path("real"), directory.path("link"));
  EXPECT_THAT(read(directory.path("link")).places(), ElementsAre("r||" + k_sidecar));
}

TEST(ImportDirectory, SurvivesAFifoThatBearsASidecarsName) {
  const TemporaryDirectory directory;
  directory.write("r/x-1.ktstr.json", "{}");
  ASSERT_EQ(::mkfifo(directory.path("r/" + k_sidecar).c_str(), 0600), 0);
  const Read found = read(directory.path());
  ASSERT_TRUE(found.summary);
  EXPECT_EQ(found.summary->files(), 1U);
  EXPECT_EQ(found.summary->refused.count, 1U);
}

TEST(ImportDirectory, PassesOverOurOwnAndGits) {
  const TemporaryDirectory directory;
  for (const char* name : {".ktstr-index", ".locks", ".git"}) {
    directory.write(std::string(name) + "/" + k_sidecar, "{}");
  }
  EXPECT_THAT(read(directory.path()).files, IsEmpty());
}

TEST(ImportTar, RefusesLinksDevicesAndNamesThatLeadOutside) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.tar");
  TarMaker(path)
      .file("r/x-1.ktstr.json", "{}")
      .file("/etc/" + k_sidecar, "absolute")
      .file("r/../../" + k_sidecar, "outside")
      .symbolic_link("r/l-1.ktstr.json", "/etc/passwd")
      .hard_link("r/h-1.ktstr.json", "r/x-1.ktstr.json")
      .fifo("r/f-1.ktstr.json")
      .device("r/d-1.ktstr.json");
  const Read found = read(path);
  ASSERT_TRUE(found.summary);
  EXPECT_THAT(found.places(), UnorderedElementsAre("r||x-1.ktstr.json", "r||h-1.ktstr.json"));
  std::vector<std::string> reasons;
  for (const auto& item : found.summary->refused.first) reasons.push_back(item.reason);
  EXPECT_THAT(reasons, ElementsAre("absolute name", "name leads outside with ..", "symbolic link",
                                   "not a regular file", "not a regular file"));
  EXPECT_EQ(found.summary->refused_results, 5U);
}

TEST(ImportTar, TakesHardLinksToItsOwnFilesAlsoToThoseThatItPassesOver) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.tar");
  TarMaker(path)
      .file("root/.ktstr-index/spool/1/7", "captured")
      .hard_link("root/r/a-1.ktstr.json", "root/.ktstr-index/spool/1/7")
      .hard_link("./root/r/b-1.ktstr.json", "root/r/a-1.ktstr.json")
      .hard_link("root/r/notes", "root/.ktstr-index/spool/1/7")
      .hard_link("root/r/lost-1.ktstr.json", "root/r/nowhere")
      .hard_link("root/r/self-1.ktstr.json", "root/r/self-1.ktstr.json")
      .hard_link("root/r/out-1.ktstr.json", "/etc/passwd");
  const Read found = read(path);
  ASSERT_TRUE(found.summary);
  EXPECT_THAT(found.places(), UnorderedElementsAre("r||a-1.ktstr.json", "r||b-1.ktstr.json"));
  for (const ImportedFile& file : found.files) EXPECT_EQ(file.bytes, "captured");
  EXPECT_EQ(found.summary->refused_results, 3U);
  EXPECT_EQ(found.summary->refused.count, 3U);
}

TEST(ImportTar, GivesALinkTheBytesOfWhatHadItsNameLastBefore) {
  const TemporaryDirectory directory;
  TarMaker(directory.path("a.tar"))
      .file("r/a-1.ktstr.json", "old")
      .hard_link("r/b-1.ktstr.json", "r/a-1.ktstr.json");
  TarMaker(directory.path("b.tar"))
      .file("r/a-1.ktstr.json", "new")
      .hard_link("r/b-1.ktstr.json", "r/a-1.ktstr.json")
      .hard_link("r/c-1.ktstr.json", "r/b-1.ktstr.json");
  const Read found = read(directory.write(
      "both.tar", bytes_of(directory.path("a.tar")) + bytes_of(directory.path("b.tar"))));
  std::vector<std::string> texts;
  for (const ImportedFile& file : found.files) texts.push_back(file.file_name[0] + file.bytes);
  EXPECT_THAT(texts, ElementsAre("aold", "bold", "anew", "bnew", "cnew"));
  EXPECT_EQ(found.summary->refused.count, 0U);
}

TEST(ImportTar, PassesOverLinksThatNobodyWants) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.tar");
  TarMaker(path)
      .file("r/a-1.ktstr.json", "{}")
      .hard_link(".ktstr-index/spool/1/7", "r/a-1.ktstr.json")
      .hard_link("r/notes", "r/a-1.ktstr.json");
  const Read found = read(path);
  EXPECT_THAT(found.places(), ElementsAre("r||a-1.ktstr.json"));
  EXPECT_EQ(found.summary->refused.count, 0U);
}

TEST(ImportTar, ReadsOneBehindTheOtherAndSaysWhatIsNoneBehindTheEnd) {
  const TemporaryDirectory directory;
  TarMaker(directory.path("a.tar")).file("r/a-1.ktstr.json", "{}");
  TarMaker(directory.path("b.tar")).file("r/b-1.ktstr.json", "{}");
  const std::string both = bytes_of(directory.path("a.tar")) + bytes_of(directory.path("b.tar"));
  const Read whole = read(directory.write("both.tar", both));
  EXPECT_THAT(whole.places(), ElementsAre("r||a-1.ktstr.json", "r||b-1.ktstr.json"));
  EXPECT_FALSE(whole.summary->damaged);
  const Read more = read(directory.write("more.tar", both + std::string(1024, 'x')));
  EXPECT_THAT(more.places(), ElementsAre("r||a-1.ktstr.json", "r||b-1.ktstr.json"));
  EXPECT_TRUE(more.summary->damaged);
}

TEST(ImportTar, ReadsAGzipOfSeveralMembersToItsEnd) {
  const TemporaryDirectory directory;
  TarMaker(directory.path("a.tgz"), TarPacking::gzip).file("r/a-1.ktstr.json", "{}");
  TarMaker(directory.path("b.tgz"), TarPacking::gzip).file("r/b-1.ktstr.json", "{}");
  const std::string path = directory.write(
      "both.tgz", bytes_of(directory.path("a.tgz")) + bytes_of(directory.path("b.tgz")));
  EXPECT_THAT(read(path).places(), ElementsAre("r||a-1.ktstr.json", "r||b-1.ktstr.json"));
}

TEST(ImportTar, LooksIntoATarWithinAZipThatHasNoResultsItself) {
  const TemporaryDirectory directory;
  TarMaker(directory.path("inner.tar")).file("r/a-1.ktstr.json", "{}").symbolic_link("r/l", "x");
  TarMaker(directory.path("deep.zip"), TarPacking::zip)
      .file("results.tar", bytes_of(directory.path("inner.tar")));
  TarMaker(directory.path("outer.zip"), TarPacking::zip)
      .file("job/results.tar", bytes_of(directory.path("inner.tar")))
      .file("job/more.zip", bytes_of(directory.path("deep.zip")))
      .file("job/broken.tar", "no tar");
  const Read found = read(directory.path("outer.zip"));
  ASSERT_TRUE(found.summary);
  ASSERT_THAT(found.places(), ElementsAre("r||a-1.ktstr.json"));
  EXPECT_EQ(found.files[0].path, "job/results.tar/r/a-1.ktstr.json");
  // The link, what is no tar, and the tar at a second level.
  EXPECT_EQ(found.summary->refused.count, 3U);
  EXPECT_EQ(found.summary->refused_results, 2U);
  TarMaker(directory.path("mixed.zip"), TarPacking::zip)
      .file("results.tar", bytes_of(directory.path("inner.tar")))
      .file("r/b-1.ktstr.json", "{}");
  EXPECT_THAT(read(directory.path("mixed.zip")).places(), ElementsAre("r||b-1.ktstr.json"));
}

TEST(ImportTar, RefusesOutsideNamesOfAZipToo) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.zip");
  TarMaker(path, TarPacking::zip)
      .file("../" + k_sidecar, "outside")
      .symbolic_link("r/l-1.ktstr.json", "/etc/passwd")
      .file("r/x-1.ktstr.json", "{}");
  const Read found = read(path);
  ASSERT_TRUE(found.summary);
  EXPECT_THAT(found.places(), ElementsAre("r||x-1.ktstr.json"));
  EXPECT_EQ(found.summary->refused.count, 2U);
}

TEST(ImportTar, ThatIsTruncatedGivesWhatCameBefore) {
  const TemporaryDirectory directory;
  for (const auto packing :
       {TarPacking::none, TarPacking::gzip, TarPacking::zstd, TarPacking::xz}) {
    const std::string path = directory.path("a.tar");
    TarMaker(path, packing)
        .file("r/a-1.ktstr.json", "{}")
        .file("r/b-1.ktstr.json", noise(1 << 20))
        .file("r/c-1.ktstr.json", "{}");
    cut_to(path, std::filesystem::file_size(path) / 2);
    const Read found = read(path);
    ASSERT_TRUE(found.summary);
    ASSERT_TRUE(found.summary->damaged);
    if (packing != TarPacking::xz) {  // one block of it holds all
      EXPECT_THAT(found.places(), ElementsAre("r||a-1.ktstr.json"));
      EXPECT_THAT(*found.summary->damaged, HasSubstr("b-1.ktstr.json"));
    }
  }
}

TEST(ImportTar, WithABrokenHeaderGivesWhatCameBefore) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.tar");
  TarMaker(path).file("r/a-1.ktstr.json", "{}").file("r/b-1.ktstr.json", "{}");
  std::string bytes = bytes_of(path);
  bytes[1024 + 3] ^= 1;  // in the second one's name
  directory.write("a.tar", bytes);
  const Read found = read(path);
  ASSERT_TRUE(found.summary);
  EXPECT_THAT(found.places(), ElementsAre("r||a-1.ktstr.json"));
  EXPECT_TRUE(found.summary->damaged);
}

TEST(ImportTar, LeavesOutOnlyTheFileOfAZipWhoseBytesAreWrong) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.zip");
  TarMaker(path, TarPacking::zip)
      .file("r/a-1.ktstr.json", noise(5000))
      .file("r/b-1.ktstr.json", "{}");
  std::string bytes = bytes_of(path);
  bytes[2000] ^= 1;
  directory.write("a.zip", bytes);
  const Read found = read(path);
  ASSERT_TRUE(found.summary);
  EXPECT_THAT(found.places(), ElementsAre("r||b-1.ktstr.json"));
  ASSERT_TRUE(found.summary->damaged);
  EXPECT_THAT(*found.summary->damaged, HasSubstr("a-1.ktstr.json"));
}

TEST(ImportTar, IsAnErrorWhereTheFileIsNeitherTarNorZip) {
  const TemporaryDirectory directory;
  for (const char* text : {"", "{}", "just some text that is longer than a magic number\n"}) {
    const Read found = read(directory.write("a.tar", text));
    ASSERT_FALSE(found.summary) << text;
    EXPECT_EQ(found.summary.error().code, ErrorCode::parse);
    EXPECT_EQ(found.summary.error().path, directory.path("a.tar"));
  }
}

TEST(ImportTar, SurvivesAnyByteChanged) {
  const TemporaryDirectory directory;
  for (const auto packing :
       {TarPacking::none, TarPacking::gzip, TarPacking::zstd, TarPacking::zip}) {
    const std::string path = directory.path("a.tar");
    TarMaker(path, packing).file("r/a-1.ktstr.json", noise(300)).file("r/b-1.ktstr.json", "{}");
    const std::string whole = bytes_of(path);
    const std::size_t step = whole.size() / 150 + 1;
    for (std::size_t at = 0; at < whole.size(); at += step) {
      std::string broken = whole;
      broken[at] = static_cast<char>(~broken[at]);
      directory.write("a.tar", broken);
      const Read found = read(path);
      EXPECT_LE(found.files.size(), 2U);
    }
  }
}

TEST(ImportLimits, RefuseAFileThatIsTooLargeAndGoOn) {
  ImportOptions options;
  options.max_file_bytes = 1000;
  for_each_kind(
      {{"r/a-1.ktstr.json", std::string(1001, 'x')}, {"r/b-1.ktstr.json", std::string(1000, 'x')}},
      [](const Read& read) {
        ASSERT_TRUE(read.summary);
        EXPECT_THAT(read.places(), ElementsAre("r||b-1.ktstr.json"));
        ASSERT_EQ(read.summary->refused.count, 1U);
        EXPECT_EQ(read.summary->refused.first[0].reason, "larger than 1000 bytes");
        EXPECT_FALSE(read.summary->damaged);
      },
      options);
}

TEST(ImportLimits, EndWithAnErrorBeyondTheTotal) {
  ImportOptions options;
  options.max_total_bytes = 1500;
  for_each_kind(
      {{"r/a-1.ktstr.json", std::string(1000, 'x')}, {"r/b-1.ktstr.json", std::string(1000, 'x')}},
      [](const Read& read) {
        ASSERT_FALSE(read.summary);
        EXPECT_THAT(read.summary.error().message, HasSubstr("1500 bytes"));
        EXPECT_EQ(read.files.size(), 1U);
      },
      options);
}

TEST(ImportLimits, EndWithAnErrorBeyondTheNumberOfNames) {
  ImportOptions options;
  options.max_entries = 2;
  for_each_kind(
      {{"r/a.txt", ""}, {"r/b.txt", ""}, {"r/c.txt", ""}},
      [](const Read& read) {
        ASSERT_FALSE(read.summary);
        EXPECT_THAT(read.summary.error().message, HasSubstr("more than 2 names"));
      },
      options);
}

TEST(ImportLimits, RefuseABomb) {
  const TemporaryDirectory directory;
  ImportOptions options;
  options.min_expanded_bytes = 1 << 20;
  const std::string zeros(8 << 20, '\0');
  for (const char* name : {"r/a-1.ktstr.json", "r/ignored.bin"}) {
    for (const auto packing : {TarPacking::gzip, TarPacking::zstd, TarPacking::xz}) {
      const std::string path = directory.path("bomb");
      TarMaker(path, packing).file(name, zeros);
      const Read found = read(path, options);
      ASSERT_FALSE(found.summary) << name;
      EXPECT_THAT(found.summary.error().message, HasSubstr("200 times"));
    }
  }
  const std::string path = directory.path("bomb.zip");
  TarMaker(path, TarPacking::zip).file("r/a-1.ktstr.json", zeros);
  ASSERT_FALSE(read(path, options).summary);
}

TEST(ImportLimits, LetSmallThingsExpandAsTheyLike) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.tar.zst");
  TarMaker(path, TarPacking::zstd).file("r/a-1.ktstr.json", std::string(8 << 20, ' '));
  EXPECT_TRUE(read(path).summary);
}

TEST(ImportProgressReport, GrowsToTheWholeOfATarReadTwice) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.tar");
  TarMaker(path).file("r/a-1.ktstr.json", noise(1000)).file("r/b-1.ktstr.json", noise(1000));
  std::vector<ktstr::ImportProgress> seen;
  ImportOptions options;
  options.progress = [&](const ktstr::ImportProgress& progress) { seen.push_back(progress); };
  ASSERT_TRUE(read(path, options).summary);
  ASSERT_FALSE(seen.empty());
  for (std::size_t i = 1; i < seen.size(); ++i) {
    EXPECT_GE(seen[i].source_bytes_read, seen[i - 1].source_bytes_read);
    EXPECT_LE(seen[i].source_bytes_read, seen[i].source_bytes_to_read);
  }
  EXPECT_EQ(seen.back().files, 2U);
  EXPECT_EQ(seen.back().bytes, 2000U);
}

TEST(ImportStop, EndsWithInterrupted) {
  ImportOptions options;
  options.should_stop = [] { return true; };
  for_each_kind(
      {{"r/" + k_sidecar, "{}"}},
      [](const Read& read) {
        ASSERT_FALSE(read.summary);
        EXPECT_EQ(read.summary.error().code, ErrorCode::interrupted);
        EXPECT_THAT(read.files, IsEmpty());
      },
      options);
}

TEST(ImportCallbackError, EndsTheReading) {
  const TemporaryDirectory directory;
  directory.write("r/a-1.ktstr.json", "{}");
  directory.write("r/b-1.ktstr.json", "{}");
  int calls = 0;
  const auto summary = ktstr::read_import_source(directory.path(), {}, [&](ImportedFile&&) {
    ++calls;
    return Result<void>(ktstr::fail(ErrorCode::busy, "locked"));
  });
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::busy);
  EXPECT_EQ(calls, 1);
}

TEST(LibArchiveLoading, NamesThePackageWhereItIsMissing) {
  const auto missing = ktstr::load_libarchive("libarchive-that-is-not-there.so.99");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_THAT(missing.error().hint, HasSubstr("libarchive13"));
}

}  // namespace
