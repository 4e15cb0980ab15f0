// SPDX-License-Identifier: MIT
#include "environment/git_root_commit.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/file_system.hpp"
#include "environment/git_commit_graph.hpp"

namespace ktstr {
namespace {

constexpr std::uint64_t k_most_graph_bytes = 256 << 20;
constexpr std::size_t k_digits = 40;
constexpr std::string_view k_parent = "parent ";
constexpr std::size_t k_parent_at = 5 + k_digits + 1;  // behind "tree DIGITS\n"

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

std::optional<git_oid> parse_name(std::string_view digits) {
  git_oid name = {};
  if (digits.size() != 2 * sizeof(name.id)) return std::nullopt;
  for (std::size_t i = 0; i < sizeof(name.id); ++i) {
    const int high = digit_value(digits[2 * i]);
    const int low = digit_value(digits[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    name.id[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return name;
}

GitName to_name(const git_oid& id) {
  GitName name = {};
  std::copy(std::begin(id.id), std::end(id.id), name.begin());
  return name;
}

git_oid to_id(const GitName& name) {
  git_oid id = {};
  std::copy(name.begin(), name.end(), std::begin(id.id));
  return id;
}

/// One step of the walk: whether there is a commit, and its first parent.
struct Commit {
  bool is_readable = false;
  std::optional<git_oid> parent = {};
};

/// Parses the stored bytes: libgit2's own commits would follow grafts (since 1.7) and take longer.
Commit parse_commit(std::string_view bytes) {
  if (bytes.size() < k_parent_at) return {};
  if (bytes.substr(k_parent_at, k_parent.size()) != k_parent) return {true};
  const auto parent = parse_name(bytes.substr(k_parent_at + k_parent.size(), k_digits));
  return {parent.has_value(), parent};
}

Commit read_commit(const GitLibrary& git, git_odb* objects, const git_oid& id) {
  const auto object = make_git<git_odb_object>(
      git.odb_object_free, [&](git_odb_object** into) { return git.odb_read(into, objects, &id); });
  if (!object || git.odb_object_type(object.get()) != GIT_OBJECT_COMMIT) return {};
  return parse_commit({static_cast<const char*>(git.odb_object_data(object.get())),
                       git.odb_object_size(object.get())});
}

std::optional<git_oid> walk(const GitLibrary& git, git_odb* objects, git_oid id) {
  while (true) {
    const Commit commit = read_commit(git, objects, id);
    if (!commit.is_readable) return std::nullopt;
    if (!commit.parent) return id;
    id = *commit.parent;
  }
}

/// As walk(), but only up to the first commit that the graph knows: from there, it knows them all.
std::optional<git_oid> walk_with_graph(const GitLibrary& git, git_odb* objects, git_oid id,
                                       const std::string& graph) {
  const GitCommitGraph known(graph);
  while (known.has_commits()) {
    // The end is read all the same: a damaged graph could name anything.
    if (const auto root = known.root_of(to_name(id))) return walk(git, objects, to_id(*root));
    const Commit commit = read_commit(git, objects, id);
    if (!commit.is_readable) return std::nullopt;
    if (!commit.parent) return id;
    id = *commit.parent;
  }
  return std::nullopt;
}

/// Empty if there is none. A chain of graphs (commit-graphs/) isn't read: the walk is right
/// without.
std::string read_graph(const GitLibrary& git, git_repository* repository) {
  const std::string path =
      std::string(git.repository_commondir(repository)) + "objects/info/commit-graph";
  const auto file = system_file_system().open_file(path);
  if (!file) return {};
  auto bytes = (*file)->read_all(k_most_graph_bytes);
  return bytes ? *std::move(bytes) : std::string();
}

}  // namespace

std::optional<std::string> root_commit(const GitLibrary& git, git_repository* repository) {
  git_oid head;
  if (git.repository_is_shallow(repository) != 0 ||
      git.reference_name_to_id(&head, repository, "HEAD") != 0) {
    return std::nullopt;
  }
  const auto objects = make_git<git_odb>(
      git.odb_free, [&](git_odb** into) { return git.repository_odb(into, repository); });
  if (!objects) return std::nullopt;
  auto root = walk_with_graph(git, objects.get(), head, read_graph(git, repository));
  if (!root) root = walk(git, objects.get(), head);
  if (!root) return std::nullopt;
  std::string digits(k_digits, '0');
  git.oid_nfmt(digits.data(), digits.size(), &*root);
  return digits;
}

}  // namespace ktstr
