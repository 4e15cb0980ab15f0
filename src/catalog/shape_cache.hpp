// SPDX-License-Identifier: MIT
#pragma once

// Which metrics stand in which columns. Records of one producer have few lists of names and many
// values, so a list is looked up as one text and cut into rows only when it is new.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/extract.hpp"

namespace ktstr {

/// The name of a metric, in up to two parts, so that nobody has to join them.
struct SeriesName {
  SeriesName(const char* name) : stem(name) {}         // NOLINT: a name is what it looks like
  SeriesName(std::string_view name) : stem(name) {}    // NOLINT
  SeriesName(const std::string& name) : stem(name) {}  // NOLINT
  SeriesName(std::string_view first, std::string_view second) : stem(first), suffix(second) {}

  std::string_view stem;
  std::string_view suffix;
};

/// Appends a name to a list of names. It may hold any character, so it stands behind its length.
void append_name(std::string& names, const SeriesName& name);

/// How the values of a list of names are stored.
struct Packing {
  std::vector<std::shared_ptr<const SeriesShape>> rows;  ///< in order; none for an empty list
  bool has_repeats = false;
  /// With repeats: the positions of the names that stand, the first of each.
  std::vector<std::size_t> kept;
};

/// Not thread-safe: one for each thread that extracts.
class ShapeCache {
 public:
  [[nodiscard]] std::shared_ptr<const Packing> find(const std::string& names);

 private:
  std::unordered_map<std::string, std::shared_ptr<const Packing>> packings_;
  std::size_t kept_bytes_ = 0;  // of their lists of names
};

}  // namespace ktstr
