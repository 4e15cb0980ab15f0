// SPDX-License-Identifier: MIT
#include "store/pre_clear.hpp"

#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/visible_text.hpp"
#include "environment/places.hpp"
#include "ktstr/index.hpp"
#include "store/names.hpp"

namespace ktstr {
namespace {

constexpr std::uint64_t k_max_token_bytes = 4096;
constexpr const char* k_note_staging = ".ktstr_run_epoch.tmp.";

}  // namespace

Result<std::optional<std::string>> read_session_sentinel(const DirectoryHandle& directory) {
  const auto none_or_unknown = [](const Error& error) -> Result<std::optional<std::string>> {
    if (error.code == ErrorCode::busy || error.code == ErrorCode::permission) return fail(error);
    return std::nullopt;
  };
  const auto own = directory.status_of(k_session_sentinel, FollowLinks::no);
  if (!own) return none_or_unknown(own.error());
  if (own->kind != FileKind::regular) return std::nullopt;
  const auto file = directory.open_file(k_session_sentinel);
  if (!file) return none_or_unknown(file.error());
  auto token = (*file)->read_all(k_max_token_bytes);
  if (!token) return none_or_unknown(token.error());
  if (token->empty()) return std::nullopt;
  return std::move(*token);
}

namespace {

/// Links resolved, so that a directory has one key whatever its path.
std::string key_of(const std::string& directory) {
  std::error_code failed;
  const auto canonical = std::filesystem::canonical(directory, failed);
  return failed ? directory : canonical.string();
}

bool was_cleared_by_session(const DirectoryHandle& directory, const std::string& token) {
  const auto file = directory.open_file(k_session_sentinel);
  if (!file) return false;
  const auto recorded = (*file)->read_all(token.size());  // a longer one is another one
  return recorded && *recorded == token;
}

/// Nothing is there, or a file that can be ours.
bool can_be_noted(const DirectoryHandle& directory) {
  const auto status = directory.status_of(k_session_sentinel, FollowLinks::no);
  return !status || status->kind == FileKind::regular;
}

bool is_file(const DirectoryHandle& directory, const DirectoryEntry& entry) {
  if (entry.kind != FileKind::symlink) return entry.kind == FileKind::regular;
  const auto target = directory.status_of(entry.name, FollowLinks::yes);
  return target && target->kind == FileKind::regular;
}

/// The directory itself, if it is directly in the one that its path names, and not a link there.
/// The parent may be reached through links: that is the root, as the user has it.
Result<std::unique_ptr<DirectoryHandle>> open_child(FileSystem& files, const std::string& path) {
  const std::string name = name_of(path);
  const auto parent = files.open_directory(directory_of(path));
  if (!parent) return fail(parent.error());
  const auto entry = (*parent)->status_of(name, FollowLinks::no);
  if (!entry) return fail(entry.error());
  const bool is_name = !name.empty() && name != "." && name != "..";
  auto opened = (*parent)->open_directory(name);
  if (!opened) return opened;
  const auto status = (*opened)->status();
  if (!status) return fail(status.error());
  const bool is_child = is_name && entry->kind == FileKind::directory &&
                        entry->stamp.device == status->stamp.device &&
                        entry->stamp.inode == status->stamp.inode;
  if (is_child) return opened;
  return fail(ErrorCode::permission, "a link, or not in its runs root", path);
}

/// The names of an earlier session's files. The lock is held, so no staging file is in use.
std::vector<std::string> find_leftovers(DirectoryHandle& directory) {
  const auto entries = directory.list();
  if (!entries) return {};
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : *entries) {
    const bool is_ours = is_sidecar_filename(entry.name) || is_sidecar_staging_filename(entry.name);
    if (is_ours && is_file(directory, entry)) names.push_back(entry.name);
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

void warn(const PreClear& what, const std::string& path, const std::string& text) {
  if (what.messages) what.messages("ktstr: WARNING: " + escape_control(path) + ": " + text);
}

void warn_uncleared(const PreClear& what, const std::string& path, const std::string& why) {
  warn(what, path,
       why + "; nothing was cleared, and results of earlier sessions stay beside the new ones");
}

std::vector<std::string> clear(DirectoryHandle& directory, const PreClear& what) {
  const std::vector<std::string> names = find_leftovers(directory);
  const std::string absolute = absolute_path(what.directory);
  announce(what, absolute, names);
  std::vector<std::string> removed;
  std::optional<Error> problem;
  for (const std::string& name : names) {
    const auto done = directory.remove_file(name);
    if (done) {
      removed.push_back(join_path(absolute, name));
    } else if (!problem && done.error().code != ErrorCode::not_found) {
      problem = done.error();
    }
  }
  if (problem) {
    warn(what, what.directory,
         problem->message + "; results of an earlier session stay beside the new ones");
  }
  return removed;
}

/// Clears what an earlier session left and notes this one. The note is staged first: who can't
/// leave it mustn't clear, since this session's next process would do so again and remove what this
/// one is about to write. It gets its name last: a process killed in between must not leave word
/// that all is done.
std::vector<std::string> clear_and_note(DirectoryHandle& directory, const PreClear& what) {
  std::vector<std::string> removed;
  StagedWrite note;
  note.directory = what.directory;
  note.target = k_session_sentinel;
  note.staging = k_note_staging + std::to_string(::getpid());
  note.bytes = *what.session_token;
  bool is_cleared = false;
  note.once_staged = [&] {
    removed = clear(directory, what);
    is_cleared = true;
  };
  if (write_staged_file(directory, note)) return removed;
  if (is_cleared) {
    warn(what, what.directory,
         "the session can't be noted there, so its next process clears its results, too");
  } else {
    warn_uncleared(what, what.directory, "the session can't be noted there");
  }
  return removed;
}

}  // namespace

std::vector<std::string> PreClearMemo::clear_once(FileSystem& files, const PreClear& what) {
  std::string key = key_of(what.directory);
  const std::lock_guard lock(mutex_);
  if (done_.contains(key)) return {};
  const bool has_token = what.session_token && !what.session_token->empty();
  std::vector<std::string> removed;
  const auto directory = open_child(files, what.directory);
  if (!directory) {
    warn_uncleared(what, what.directory, directory.error().message);
  } else if (has_token && !can_be_noted(**directory)) {
    // Clearing would remove what the session's other processes wrote.
    warn_uncleared(what, join_path(what.directory, k_session_sentinel),
                   "a link or no regular file");
  } else if (!has_token) {
    removed = clear(**directory, what);
  } else if (!was_cleared_by_session(**directory, *what.session_token)) {
    removed = clear_and_note(**directory, what);
  }
  done_.insert(std::move(key));
  return removed;
}

PreClearMemo& process_pre_clear_memo() {
  static PreClearMemo memo;
  return memo;
}

}  // namespace ktstr
