// SPDX-License-Identifier: MIT
#include "environment/git_commit_graph.hpp"

#include <algorithm>

namespace ktstr {
namespace {

constexpr std::size_t k_header_bytes = 8;
constexpr std::string_view k_header = {"CGPH\x01\x01", 6};  // version 1, names are SHA-1
constexpr std::size_t k_chunk_count_at = 6;
constexpr std::size_t k_base_count_at = 7;
constexpr std::size_t k_chunk_entry_bytes = 12;
constexpr std::size_t k_name_bytes = 20;
constexpr std::size_t k_commit_bytes = 36;
constexpr std::size_t k_first_parent_at = k_name_bytes;
constexpr std::uint64_t k_no_parent = 0x70000000;

/// Big-endian. The bytes have to be there.
std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

/// A chunk, which ends where the next one begins; empty if it isn't there. The table ends with an
/// entry that only says where the last chunk does.
std::string_view chunk(std::string_view file, std::string_view id) {
  const std::size_t count = static_cast<unsigned char>(file[k_chunk_count_at]);
  if (file.size() < k_header_bytes + (count + 1) * k_chunk_entry_bytes) return {};
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = k_header_bytes + i * k_chunk_entry_bytes;
    if (file.substr(entry, id.size()) != id) continue;
    const std::uint64_t begin = number_at(file, entry + 4, 8);
    const std::uint64_t end = number_at(file, entry + k_chunk_entry_bytes + 4, 8);
    return begin <= end && end <= file.size() ? file.substr(begin, end - begin)
                                              : std::string_view();
  }
  return {};
}

}  // namespace

GitCommitGraph::GitCommitGraph(std::string_view file) {
  if (file.size() < k_header_bytes || file.substr(0, k_header.size()) != k_header ||
      file[k_base_count_at] != 0) {
    return;
  }
  names_ = chunk(file, "OIDL");
  commits_ = chunk(file, "CDAT");
  count_ = std::min(names_.size() / k_name_bytes, commits_.size() / k_commit_bytes);
}

std::string_view GitCommitGraph::name_at(std::size_t position) const {
  return names_.substr(position * k_name_bytes, k_name_bytes);
}

std::optional<std::size_t> GitCommitGraph::position_of(const GitName& commit) const {
  // The bytes of a string_view compare as unsigned.
  const std::string_view wanted(reinterpret_cast<const char*>(commit.data()), commit.size());
  std::size_t low = 0;
  for (std::size_t high = count_; low < high;) {
    const std::size_t middle = low + (high - low) / 2;
    if (name_at(middle) < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < count_ && name_at(low) == wanted ? std::optional<std::size_t>(low) : std::nullopt;
}

std::optional<GitName> GitCommitGraph::root_of(const GitName& commit) const {
  const auto start = position_of(commit);
  if (!start) return std::nullopt;
  std::size_t position = *start;
  // Counted: in a damaged file, commits can be each other's parents.
  for (std::size_t left = count_; left > 0; --left) {
    const std::uint64_t parent =
        number_at(commits_, position * k_commit_bytes + k_first_parent_at, 4);
    if (parent == k_no_parent) {
      GitName root = {};
      const std::string_view name = name_at(position);
      std::copy(name.begin(), name.end(), root.begin());
      return root;
    }
    if (parent >= count_) return std::nullopt;
    position = parent;
  }
  return std::nullopt;
}

}  // namespace ktstr
