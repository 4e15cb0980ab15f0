// SPDX-License-Identifier: MIT
#include "catalog/shape_cache.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <set>

#include "base/hashing.hpp"
#include "catalog/views.hpp"

namespace ktstr {
namespace {

using Length = std::uint32_t;

// Names that no two records share would fill the memory; so would one file's million names.
constexpr std::size_t k_most_kept_bytes = 2 << 20;
constexpr std::size_t k_longest_kept_bytes = 64 * 1024;

std::vector<std::string_view> split(std::string_view names) {
  std::vector<std::string_view> result;
  while (!names.empty()) {
    Length length = 0;
    std::memcpy(&length, names.data(), sizeof length);
    result.push_back(names.substr(sizeof length, length));
    names.remove_prefix(sizeof length + length);
  }
  return result;
}

/// Keeps the first of each name.
std::vector<std::string_view> without_repeats(const std::vector<std::string_view>& names,
                                              std::vector<std::size_t>& kept) {
  std::set<std::string_view> seen;
  std::vector<std::string_view> result;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!seen.insert(names[i]).second) continue;
    kept.push_back(i);
    result.push_back(names[i]);
  }
  return result;
}

std::shared_ptr<const SeriesShape> make_shape(const std::string_view* names, std::size_t count) {
  auto shape = std::make_shared<SeriesShape>();
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    all += std::to_string(names[i].size());
    all += ':';
    all += names[i];
    shape->metrics.emplace_back(names[i]);
  }
  shape->digest = content_id(all);
  return shape;
}

std::shared_ptr<const Packing> make_packing(std::string_view text) {
  constexpr auto k_width = static_cast<std::size_t>(k_series_width);
  auto packing = std::make_shared<Packing>();
  const std::vector<std::string_view> all = split(text);
  const std::vector<std::string_view> names = without_repeats(all, packing->kept);
  packing->has_repeats = names.size() != all.size();
  if (!packing->has_repeats) packing->kept.clear();
  for (std::size_t first = 0; first < names.size(); first += k_width) {
    packing->rows.push_back(make_shape(&names[first], std::min(k_width, names.size() - first)));
  }
  return packing;
}

}  // namespace

void append_name(std::string& names, const SeriesName& name) {
  const auto length = static_cast<Length>(name.stem.size() + name.suffix.size());
  std::array<char, sizeof length> bytes{};
  std::memcpy(bytes.data(), &length, sizeof length);
  names.append(bytes.data(), bytes.size()).append(name.stem).append(name.suffix);
}

std::shared_ptr<const Packing> ShapeCache::find(const std::string& names) {
  if (const auto found = packings_.find(names); found != packings_.end()) return found->second;
  auto packing = make_packing(names);
  if (names.size() > k_longest_kept_bytes) return packing;
  if (kept_bytes_ + names.size() > k_most_kept_bytes) {
    packings_.clear();
    kept_bytes_ = 0;
  }
  kept_bytes_ += names.size();
  packings_.emplace(names, packing);
  return packing;
}

}  // namespace ktstr
