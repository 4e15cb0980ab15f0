// SPDX-License-Identifier: MIT
// What the catalog is measured against: a walk that reads and parses every sidecar to count the
// failed results of one commit, with our library and with nlohmann_json; and the process that does
// nothing but open and close a catalog.
//
//   bench-walk library|nlohmann ROOT COMMIT
//   bench-walk open ROOT CATALOG

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "catalog/catalog.hpp"
#include "ktstr/index.hpp"

namespace {

// Samples reduced, as a question about verdicts would ask for: the fastest walk that we have.
std::size_t count_with_library(const std::string& root, const std::string& commit) {
  ktstr::WalkOptions options;
  options.samples = ktstr::SampleHandling::reduce;
  std::size_t count = 0;
  for (const ktstr::LoadedSidecar& loaded : ktstr::pool(root, options)) {
    count += loaded.record.is_fail() && loaded.record.project_commit == commit ? 1 : 0;
  }
  return count;
}

bool is_failure_of(const nlohmann::json& record, const std::string& commit) {
  if (!record.is_object()) return false;
  const auto found = record.find("project_commit");
  return found != record.end() && *found == commit && !record.value("passed", true) &&
         !record.value("skipped", true) && !record.value("inconclusive", true);
}

std::size_t count_with_nlohmann(const std::string& root, const std::string& commit) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || !ktstr::is_sidecar_filename(name)) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const nlohmann::json record = nlohmann::json::parse(text, nullptr, false);
    count += is_failure_of(record, commit) ? 1 : 0;
  }
  return count;
}

int open_and_close(const std::string& root, const std::string& path) {
  ktstr::CatalogOptions options;
  options.root = root;
  options.location.path = path;
  const auto catalog =
      ktstr::Catalog::open(options, ktstr::system_file_system(), ktstr::system_clock());
  if (catalog) return 0;
  std::fprintf(stderr, "bench-walk: %s\n", catalog.error().text().c_str());
  return 3;
}

}  // namespace

int main(int argument_count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + argument_count);
  if (words.size() == 3 && words[0] == "open") return open_and_close(words[1], words[2]);
  if (words.size() == 3 && (words[0] == "library" || words[0] == "nlohmann")) {
    const bool own = words[0] == "library";
    const std::size_t count =
        own ? count_with_library(words[1], words[2]) : count_with_nlohmann(words[1], words[2]);
    std::printf("%zu\n", count);
    return 0;
  }
  std::fputs("usage: bench-walk library|nlohmann ROOT COMMIT | open ROOT CATALOG\n", stderr);
  return 2;
}
