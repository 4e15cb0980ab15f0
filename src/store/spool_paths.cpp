// SPDX-License-Identifier: MIT
#include "store/spool_paths.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace ktstr {
namespace {

bool is_number(std::string_view text) {
  constexpr std::size_t k_most_digits = 20;  // of 64 bits
  return !text.empty() && text.size() <= k_most_digits &&
         std::all_of(text.begin(), text.end(),
                     [](char byte) { return byte >= '0' && byte <= '9'; });
}

/// The spool's path without its last three parts.
std::string root_of(const std::string& path) {
  const std::string below =
      std::string("/") + k_index_directory_name + "/" + k_spool_parent_name + "/";
  const std::size_t at = path.rfind(below);
  if (at == std::string::npos) return {};
  return at == 0 ? "/" : path.substr(0, at);
}

}  // namespace

bool is_spool_name(std::string_view name) {
  const auto parts = split(name, '-');
  return (parts.size() == 2 || parts.size() == 3) &&
         std::all_of(parts.begin(), parts.end(), is_number);
}

bool is_spooled_file_name(std::string_view name) { return is_number(name) && name.front() != '0'; }

Result<Descriptor> open_spool_parent(const std::string& root, posix::Missing missing) {
  return posix::open_own_directories(root, {k_index_directory_name, k_spool_parent_name}, missing);
}

Result<OpenSpool> open_spool(const std::string& path) {
  OpenSpool spool;
  spool.path = path;
  spool.name = path.substr(path.rfind('/') + 1);
  const std::string root = root_of(path);
  if (root.empty() || !is_spool_name(spool.name)) {
    return fail(ErrorCode::corrupt, "not the name of a spool", path);
  }
  const auto unless_missing = [](Result<Descriptor> opened) {
    const bool is_missing = !opened && opened.error().code == ErrorCode::not_found;
    return is_missing ? Result<Descriptor>(Descriptor()) : std::move(opened);
  };
  auto parent = unless_missing(open_spool_parent(root, posix::Missing::is_an_error));
  if (!parent) return fail(std::move(parent.error()));
  spool.parent = std::move(*parent);
  if (!spool.parent.is_open()) return spool;
  auto directory = unless_missing(posix::open_own_directory_at(
      posix::inside(spool.parent, spool_parent(root), spool.name), posix::Missing::is_an_error));
  if (!directory) return fail(std::move(directory.error()));
  spool.directory = std::move(*directory);
  return spool;
}

}  // namespace ktstr
