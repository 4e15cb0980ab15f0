// SPDX-License-Identifier: MIT

// A damaged catalog: opening, refreshing and asking it never crashes, and ends with the file's row
// or an error. (A changed letter in a stored text can't be noticed; so nothing is said of those.)
// The input says what is done to a good catalog: two bytes for its length in 64ths of a KiB, then
// changes of five bytes: three for the place, one for what to do, one for the value. Seeds:
// corpus/catalog.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/time_text.hpp"
#include "catalog/catalog.hpp"
#include "catalog/summary.hpp"
#include "catalog/verify.hpp"
#include "ktstr/record.hpp"

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// A runs root with one sidecar, and the bytes of its catalog as it should be.
class Pool {
 public:
  Pool() : root_("/tmp/ktstr-catalog-fuzz." + std::to_string(::getpid())) {
    std::filesystem::create_directories(root_ + "/run");
    ktstr::Record record;
    record.test_name = "t";
    write_file(root_ + "/run/t-0000000000000001.ktstr.json", ktstr::encode_record(record));
    require(run().has_value(), "a good catalog opens");
    std::ifstream stream(catalog(), std::ios::binary);
    good_.assign(std::istreambuf_iterator<char>(stream), {});
    require(good_.size() > 4096, "the catalog is in its file");
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { std::filesystem::remove_all(root_); }

  [[nodiscard]] const std::string& good() const { return good_; }

  void try_with(const std::string& bytes) {
    std::filesystem::remove_all(root_ + "/.ktstr-index");
    std::filesystem::create_directories(root_ + "/.ktstr-index");
    write_file(catalog(), bytes);
    (void)run();
  }

 private:
  [[nodiscard]] std::string catalog() const { return root_ + "/.ktstr-index/catalog.sqlite3"; }

  ktstr::Result<ktstr::CatalogSummary> run() {
    ktstr::CatalogOptions options;
    options.root = root_;
    options.location.path = catalog();
    auto opened = ktstr::Catalog::open(options, ktstr::system_file_system(), ktstr::system_clock());
    if (!opened) return ktstr::fail(opened.error());
    ktstr::RefreshOptions look;
    look.workers = 0;
    const auto refreshed =
        opened->refresh(ktstr::system_file_system(), ktstr::system_clock(), look);
    if (!refreshed) return ktstr::fail(refreshed.error());
    opened->copy_log();  // so that a good catalog's file is all of it
    (void)ktstr::verify_catalog(opened->database(), root_, ktstr::system_file_system(),
                                ktstr::system_clock(), {});
    return ktstr::summarize(opened->database());
  }

  std::string root_;
  std::string good_;
};

std::string damaged(std::string bytes, const std::uint8_t* data, std::size_t size) {
  if (size < 2) return bytes;
  const std::size_t kept = (data[0] | (data[1] << 8)) * std::size_t{16};
  if (kept != 0 && kept < bytes.size()) bytes.resize(kept);
  for (std::size_t i = 2; i + 5 <= size && !bytes.empty(); i += 5) {
    const std::size_t place = (data[i] | (data[i + 1] << 8) | (data[i + 2] << 16)) % bytes.size();
    const char value = static_cast<char>(data[i + 4]);
    switch (data[i + 3] % 3) {
      case 0:
        bytes[place] = value;
        break;
      case 1:
        bytes[place] = static_cast<char>(bytes[place] ^ value);
        break;
      default:  // a block of it
        for (std::size_t at = place; at < bytes.size() && at < place + 512; ++at) bytes[at] = value;
    }
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Pool pool;
  pool.try_with(damaged(pool.good(), data, size));
  return 0;
}
