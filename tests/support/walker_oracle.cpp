// SPDX-License-Identifier: MIT
#include "support/walker_oracle.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "ktstr/index.hpp"
#include "ktstr/record.hpp"
#include "support/rows_text.hpp"

namespace ktstr::test {
namespace {

namespace fs = std::filesystem;

struct RunCounts {
  int tests = 0;
  int pass = 0;
  int unusable = 0;
};

/// Collects the facts of one root.
class Facts {
 public:
  explicit Facts(std::string root) : root_(std::move(root)) {}

  void add_results(const Collection& found) {
    for (const LoadedSidecar& sidecar : found.sidecars) {
      const Record& record = sidecar.record;
      const std::string verdict =
          verdict_name(verdict_of(record.passed, record.skipped, record.inconclusive));
      const std::string path = relative(sidecar.path);
      facts_.push_back("result|" + path + "|" + record.test_name + "|" + verdict + "|" +
                       variant_hash_text(variant_hash(record)) + "|" +
                       std::to_string(record.stats.total_iterations));
      RunCounts& run = runs_[run_of(path)];
      ++run.tests;
      if (verdict == "pass") ++run.pass;
    }
    for (const SidecarParseError& error : found.parse_errors) {
      add_unusable(error.path, "parse", error.raw_error);
    }
    for (const SidecarIoError& error : found.io_errors) {
      add_unusable(error.path, "io", error.raw_error);
    }
  }

  void add_directories() {
    for (const std::string& run : names_in(root_)) {
      if (!is_directory(root_ + "/" + run)) continue;
      add_artifacts(run);
      if (is_run_directory_name(run)) add_run(run);
    }
  }

  [[nodiscard]] std::vector<std::string> take() {
    std::sort(facts_.begin(), facts_.end());
    return std::move(facts_);
  }

 private:
  static bool is_directory(const std::string& path) {
    std::error_code error;
    return fs::is_directory(path, error);
  }
  static std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  [[nodiscard]] std::string relative(const std::string& path) const {
    return path.substr(root_.size() + 1);
  }
  static std::string run_of(const std::string& path) { return path.substr(0, path.find('/')); }

  void add_unusable(const std::string& path, const char* error_class, const std::string& error) {
    facts_.push_back(std::string("unusable|") + error_class + "|" + relative(path) + "|" + error);
    ++runs_[run_of(relative(path))].unusable;
  }

  void add_run(const std::string& run) {
    const RunCounts& counts = runs_[run];
    facts_.push_back("run|" + run + "|" + std::to_string(counts.tests) + "|" +
                     std::to_string(counts.pass) + "|" + std::to_string(counts.unusable));
  }

  void add_artifacts(const std::string& run) {
    add_artifacts_in(run);
    for (const std::string& name : names_in(root_ + "/" + run)) {
      if (is_directory(root_ + "/" + run + "/" + name)) add_artifacts_in(run + "/" + name);
    }
  }

  void add_artifacts_in(const std::string& directory) {
    for (const std::string& name : names_in(root_ + "/" + directory)) {
      const std::string path = directory + "/" + name;
      const auto artifact = classify_artifact(name);
      struct stat status = {};
      if (!artifact || is_sidecar_filename(name)) continue;
      if (::stat((root_ + "/" + path).c_str(), &status) != 0 || S_ISDIR(status.st_mode)) continue;
      facts_.push_back(std::string("artifact|") + artifact_kind_name(artifact->kind) + "|" + path +
                       "|" + std::to_string(status.st_size));
    }
  }

  std::string root_;
  std::map<std::string, RunCounts> runs_;
  std::vector<std::string> facts_;
};

}  // namespace

std::vector<std::string> walked_facts(const std::string& root) {
  Facts facts(root);
  WalkOptions options;
  options.sink = [](std::string_view) {};
  facts.add_results(pool_with_errors(root, options));
  facts.add_directories();
  return facts.take();
}

std::vector<std::string> catalog_facts(SQLite::Database& database) {
  std::vector<std::string> facts = rows_text(
      database,
      "SELECT 'result', path, test_name, verdict, variant_hash, total_iterations FROM pool\n"
      "UNION ALL SELECT 'unusable', error_class, path, error, NULL, NULL FROM files\n"
      "  WHERE status <> 'ok'\n"
      "UNION ALL SELECT 'run', run_dir, tests, pass, drift + corrupt + unreadable, NULL\n"
      "  FROM run_dirs\n"
      "UNION ALL SELECT 'artifact', kind, path, size_bytes, NULL, NULL FROM artifacts");
  for (std::string& fact : facts) {
    // The branches that have fewer columns.
    const std::string padding = "|NULL";
    while (fact.size() > padding.size() &&
           fact.compare(fact.size() - padding.size(), padding.size(), padding) == 0) {
      fact.resize(fact.size() - padding.size());
    }
  }
  std::sort(facts.begin(), facts.end());
  return facts;
}

}  // namespace ktstr::test
