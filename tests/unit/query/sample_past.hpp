// SPDX-License-Identifier: MIT
#pragma once

// A catalog in memory with an archive beside it, both filled by hand.

#include <map>
#include <string>
#include <utility>

#include "query/past.hpp"
#include "sample_catalog.hpp"

namespace ktstr::test {

inline constexpr const char* k_root = "/pool";

class SamplePast : public SampleCatalog {
 public:
  SamplePast() {
    EXPECT_TRUE(attach_empty_past(database()));
    insert("main.setting", {{"key", text("root")}, {"value", text(k_root)}});
    root_ = add_root(k_root, "git:ours");
  }

  std::int64_t add_root(const char* path, const char* project, const char* origin = "") {
    return insert("past.runs_root",
                  {{"path", text(path)}, {"project", text(project)}, {"origin", text(origin)}});
  }

  std::int64_t add_past_directory(const std::string& run_dir, std::int64_t root = 0,
                                  const std::string& job = "") {
    return insert("past.directory",
                  {{"root_id", root == 0 ? root_ : root}, {"run_dir", run_dir}, {"job", job}});
  }

  /// A result of test "basic" that passed, where `changes` doesn't say otherwise.
  std::int64_t add_observation(std::int64_t directory, Columns changes = {}) {
    const std::string digits = std::to_string(++observations_);
    std::map<std::string, Value> row = {
        {"directory_id", directory},
        {"observation_id", digits},
        {"file_name", "basic-" + digits + ".ktstr.json"},
        {"status", text("ok")},
        {"id", digits + std::string(32 - digits.size(), 'f')},
        {"size_bytes", number(1)},
        {"first_seen_ns", number(1)},
        {"test_name", text("basic")},
        {"verdict", text("pass")},
    };
    for (auto& change : changes) row[change.first] = std::move(change.second);
    return insert("past.sidecar", Columns(row.begin(), row.end()));
  }

  /// Makes the views mean that, of our project unless all are meant.
  void look(Over over, bool all_projects = false) {
    PastScope scope = *scope_of_root(database(), k_root);
    if (all_projects) scope.project.reset();
    const auto made = make_over_views(database(), over, scope);
    ASSERT_TRUE(made) << made.error().text();
  }

 private:
  std::int64_t root_ = 0;
  std::int64_t observations_ = 0;
};

}  // namespace ktstr::test
