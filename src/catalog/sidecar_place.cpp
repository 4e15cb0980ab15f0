// SPDX-License-Identifier: MIT
#include "catalog/sidecar_place.hpp"

#include <utility>
#include <vector>

#include "catalog/scan.hpp"
#include "environment/locations.hpp"
#include "ktstr/walk.hpp"

namespace ktstr {
namespace {

/// A part of a path that means itself.
bool is_plain(const std::string& name) { return !name.empty() && name != "." && name != ".."; }

/// The run directory, and perhaps a job directory in it, that `directory` is by its name. A link to
/// a run directory is one under its own name, as for a refresh, so only what is above it is
/// resolved.
std::vector<std::string> names_below(const std::string& root, const std::string& directory) {
  std::vector<std::string> names;
  std::string above = directory;
  while (names.size() < 2) {
    const std::size_t slash = above.rfind('/');
    if (slash == std::string::npos || !is_plain(above.substr(slash + 1))) break;
    names.insert(names.begin(), above.substr(slash + 1));
    above.resize(slash);
    if (above == root || canonical_path(above) == root) return names;
  }
  return {};
}

}  // namespace

std::optional<SidecarPlace> sidecar_place(const std::string& root, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const bool is_bare = slash == std::string::npos;
  SidecarPlace place;
  place.file_name = is_bare ? path : path.substr(slash + 1);
  if (!is_sidecar_filename(place.file_name)) return std::nullopt;
  const std::string directory = is_bare ? "." : path.substr(0, slash);
  auto names = names_below(root, directory);
  if (names.empty()) names = names_below(root, canonical_path(directory));
  if (names.empty() || names.front() == k_index_directory_name) return std::nullopt;
  place.run_dir = std::move(names.front());
  if (names.size() > 1) place.job = std::move(names.back());
  return place;
}

}  // namespace ktstr
