// SPDX-License-Identifier: MIT
#include "store/pre_clear.hpp"

#include <filesystem>
#include <system_error>

#include "base/text.hpp"
#include "environment/join_path.hpp"
#include "ktstr/walk.hpp"
#include "store/paths.hpp"

namespace ktstr {
namespace {

/// Links resolved, so that a directory has one key whatever its path.
std::string key_of(const std::string& directory) {
  std::error_code failed;
  const auto canonical = std::filesystem::canonical(directory, failed);
  return failed ? directory : canonical.string();
}

bool was_cleared_by_session(FileSystem& files, const std::string& sentinel,
                            const std::string& token) {
  const auto file = files.open_file(sentinel);
  if (!file) return false;
  const auto recorded = (*file)->read_all(token.size());  // a longer one is another one
  return recorded && *recorded == token;
}

/// Nothing is there, or a file that can be ours.
bool can_be_noted(FileSystem& files, const std::string& sentinel) {
  const auto status = files.status(sentinel, FollowLinks::no);
  return !status || status->kind == FileKind::regular;
}

bool is_file(const DirectoryHandle& directory, const DirectoryEntry& entry) {
  if (entry.kind != FileKind::symlink) return entry.kind == FileKind::regular;
  const auto target = directory.status_of(entry.name, FollowLinks::yes);
  return target && target->kind == FileKind::regular;
}

/// The names of an earlier session's files. The lock is held, so no staging file is in use.
std::vector<std::string> find_leftovers(FileSystem& files, const std::string& directory) {
  const auto opened = files.open_directory(directory);
  if (!opened) return {};
  const auto entries = (*opened)->list();
  if (!entries) return {};
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : *entries) {
    const bool is_ours = is_sidecar_filename(entry.name) || is_sidecar_staging_filename(entry.name);
    if (is_ours && is_file(**opened, entry)) names.push_back(entry.name);
  }
  return names;
}

void announce(const PreClear& what, const std::string& directory,
              const std::vector<std::string>& names) {
  if (what.observer == nullptr || names.empty()) return;
  std::vector<FileChange> changes;
  changes.reserve(names.size());
  for (const std::string& name : names) changes.push_back({join_path(directory, name)});
  what.observer->about_to_remove(changes);
}

std::vector<std::string> clear(FileSystem& files, const PreClear& what) {
  const std::vector<std::string> names = find_leftovers(files, what.directory);
  const std::string absolute = absolute_path(what.directory);
  announce(what, absolute, names);
  std::vector<std::string> removed;
  for (const std::string& name : names) {
    if (!files.remove_file(join_path(what.directory, name))) continue;
    removed.push_back(join_path(absolute, name));
  }
  return removed;
}

}  // namespace

std::vector<std::string> PreClearMemo::clear_once(FileSystem& files, const PreClear& what) {
  std::string key = key_of(what.directory);
  const std::lock_guard lock(mutex_);
  if (done_.contains(key)) return {};
  const bool has_token = what.session_token && !what.session_token->empty();
  const std::string sentinel = join_path(what.directory, k_session_sentinel);
  std::vector<std::string> removed;
  if (has_token && !can_be_noted(files, sentinel)) {
    if (what.messages) {
      what.messages("ktstr: " + escape_control(sentinel) +
                    " is a link or no regular file, so that nothing was cleared there: results of "
                    "earlier sessions may stand beside this one's until it is removed");
    }
  } else if (!has_token || !was_cleared_by_session(files, sentinel, *what.session_token)) {
    removed = clear(files, what);
    // After the removals: a process killed in between must not leave word that all is done. If
    // it fails, the next process clears once more.
    if (has_token) static_cast<void>(files.write_file(sentinel, *what.session_token));
  }
  done_.insert(std::move(key));
  return removed;
}

PreClearMemo& process_pre_clear_memo() {
  static PreClearMemo memo;
  return memo;
}

}  // namespace ktstr
