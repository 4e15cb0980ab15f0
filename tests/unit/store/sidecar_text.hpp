// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ktstr/index.hpp"
#include "ktstr/record.hpp"

namespace ktstr::test {

/// The text of a sidecar that both contracts accept.
inline std::string sidecar_text(const std::string& test_name) {
  Record record;
  record.test_name = test_name;
  return encode_record(record);
}

/// An object that breaks the contract, and a text that isn't JSON.
inline constexpr const char* k_drifted_text = "{}";
inline constexpr const char* k_corrupt_text = "{\"test_name\": ";

/// The lines of a walk, and the options that lead them here. Must outlive the options.
class RecordedLines {
 public:
  [[nodiscard]] WalkOptions options() {
    WalkOptions options;
    options.sink = [this](std::string_view line) { lines_.emplace_back(line); };
    return options;
  }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

inline std::vector<std::string> test_names(const std::vector<LoadedSidecar>& sidecars) {
  std::vector<std::string> names;
  for (const LoadedSidecar& sidecar : sidecars) names.push_back(sidecar.record.test_name);
  return names;
}

template <typename Item>
std::vector<std::string> paths_of(const std::vector<Item>& items) {
  std::vector<std::string> paths;
  for (const Item& item : items) paths.push_back(item.path);
  return paths;
}

}  // namespace ktstr::test
