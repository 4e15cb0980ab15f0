// SPDX-License-Identifier: MIT
#include "store/sidecar_writer.hpp"

#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "base/visible_text.hpp"
#include "environment/places.hpp"
#include "ktstr/record.hpp"
#include "store/names.hpp"
#include "store/walk.hpp"

namespace ktstr {
namespace {

constexpr std::array<const char*, 2> k_dump_suffixes = {".failure-dump.json",
                                                        ".repro.failure-dump.json"};

std::optional<std::string>& last_path() {
  thread_local std::optional<std::string> path;
  return path;
}

void report(const SidecarWrite& how, WriteStep step) {
  if (how.at_step) how.at_step(step);
}

// Of every file system that Linux knows.
constexpr std::size_t k_longest_name = 255;

/// A slash at the end would lead through a link of that name.
std::string without_slash(const std::string& directory) {
  return directory.substr(0, directory.find_last_not_of('/') + 1);
}

/// Where a link has the default directory's name: what is below the runs root may have come from a
/// stranger, and is never written to or cleared through a link. Fine if it is missing.
Result<void> check_own(FileSystem& files, const std::string& directory) {
  const auto status = files.status(without_slash(directory), FollowLinks::no);
  if (!status || status->kind != FileKind::symlink) return {};
  return fail(ErrorCode::io,
              "a symbolic link below the runs root, and nothing is written through one", directory,
              "KTSTR_SIDECAR_DIR may name a directory by a link");
}

/// From here on changes go by what was opened: a link that takes the directory's place meanwhile
/// leads nowhere.
Result<std::unique_ptr<DirectoryHandle>> open_sidecar_directory(FileSystem& files,
                                                                const std::string& directory,
                                                                bool is_default_directory) {
  auto opened = is_default_directory
                    ? files.open_to_change(without_slash(directory), FollowLinks::no)
                    : files.open_to_change(directory, FollowLinks::yes);
  if (!opened) return fail_while("open sidecar dir " + directory, opened.error());
  return opened;
}

/// One sidecar on its way to the disk.
///
/// 1. The directory is made, so that it has one canonical path ever after.
/// 2. The record becomes text, while nobody waits for it.
/// 3. The run directory is locked. Held to the rename: clearing and writing are one step to the
///    other processes.
/// 4. What an earlier session left is removed.
/// 5. The text is staged and renamed.
/// 6. The lock goes. Only then is the observer told what has happened, since it may be slow.
class SidecarWriter {
 public:
  SidecarWriter(const Record& record, const SidecarWrite& how)
      : record_(record), how_(how), hash_(variant_hash_text(variant_hash(record))) {
    name_ = record.test_name + "-" + hash_ + ".ktstr.json";
  }

  [[nodiscard]] Result<WrittenSidecar> write();

 private:
  [[nodiscard]] Result<void> make_directory();
  /// Steps 3 to 5; the lock has gone when it returns.
  [[nodiscard]] Result<Stamp> write_locked();
  [[nodiscard]] Result<Stamp> write_staged();
  void announce_removed() const;
  void announce_written(const Stamp& stamp) const;
  [[nodiscard]] std::string staging_name() const;

  const Record& record_;
  const SidecarWrite& how_;
  const std::string hash_;
  std::string name_;
  std::string absolute_;  ///< the sidecar's path
  std::string bytes_;
  std::vector<std::string> removed_;
};

Result<WrittenSidecar> SidecarWriter::write() {
  if (auto made = make_directory(); !made) return fail(made.error());
  bytes_ = encode_record(record_);
  auto written = write_locked();
  report(how_, WriteStep::unlocked);
  announce_removed();
  if (!written) return fail(written.error());
  announce_written(*written);
  last_path() = absolute_;
  return WrittenSidecar{absolute_, hash_};
}

Result<void> SidecarWriter::make_directory() {
  if (auto made = how_.file_system->create_directories(how_.directory); !made) {
    return fail_while("create sidecar dir " + how_.directory, made.error());
  }
  if (how_.is_default_directory) {
    if (auto checked = check_own(*how_.file_system, how_.directory); !checked) return checked;
  }
  // Now, and not after the write: the working directory may have changed by then.
  absolute_ = absolute_path(join_path(how_.directory, name_));
  report(how_, WriteStep::directory_created);
  return {};
}

Result<Stamp> SidecarWriter::write_locked() {
  if (!how_.is_default_directory) return write_staged();
  const auto lock =
      RunDirectoryLock::acquire(how_.directory, how_.lock_timeout, *how_.file_system, *how_.clock);
  if (!lock) return fail(lock.error());
  report(how_, WriteStep::locked);
  removed_ = how_.pre_clear_memo->clear_once(
      *how_.file_system, {how_.directory, how_.session_token, how_.observer, how_.messages});
  report(how_, WriteStep::cleared);
  return write_staged();
}

/// A sidecar's name that is as long as can be leaves no room behind it; an orphan is known by what
/// stands in the middle.
std::string SidecarWriter::staging_name() const {
  std::string ending = "-" + hash_ + ".ktstr.json.tmp." + std::to_string(::getpid()) + "." +
                       record_.run_id.substr(0, k_longest_name / 2);
  constexpr std::size_t k_room_for_a_number = 8;
  const std::size_t room = k_longest_name - k_room_for_a_number - ending.size();
  return record_.test_name.substr(0, room) + std::move(ending);
}

Result<Stamp> SidecarWriter::write_staged() {
  // Not before the lock was waited for: another directory may have the name by now.
  const auto directory =
      open_sidecar_directory(*how_.file_system, how_.directory, how_.is_default_directory);
  if (!directory) return fail(directory.error());
  StagedWrite staged;
  staged.directory = how_.directory;
  staged.target = name_;
  staged.staging = staging_name();
  staged.bytes = bytes_;
  staged.label = how_.label;
  staged.sync = how_.sync;
  staged.at_step = how_.at_step;
  if (how_.observer != nullptr) {
    staged.about_to_replace = [this] {
      const FileChange change{absolute_};
      how_.observer->about_to_remove({&change, 1});
    };
  }
  return write_staged_file(**directory, staged);
}

void SidecarWriter::announce_removed() const {
  if (how_.observer == nullptr || removed_.empty()) return;
  std::vector<FileChange> changes;
  changes.reserve(removed_.size());
  for (const std::string& path : removed_) changes.push_back({path});
  how_.observer->removed(changes);
}

void SidecarWriter::announce_written(const Stamp& stamp) const {
  if (how_.observer != nullptr) how_.observer->written({absolute_, &bytes_, stamp});
}

/// Removes one file, telling the observer; a missing one is none of its business.
Result<void> remove_dump(DirectoryHandle& directory, const std::string& path,
                         ChangeObserver* observer) {
  const std::string name = name_of(path);
  const FileChange change{absolute_path(path)};
  if (observer != nullptr && directory.status_of(name, FollowLinks::no)) {
    observer->about_to_remove({&change, 1});
  }
  const auto removed = directory.remove_file(name);
  if (!removed && removed.error().code == ErrorCode::not_found) return {};
  if (!removed) return fail_while("remove failure dump " + path, removed.error());
  if (observer != nullptr) observer->removed({&change, 1});
  return {};
}

}  // namespace

Result<void> check_test_name(const std::string& test_name) {
  if (test_name.empty()) return fail(ErrorCode::usage, "the test name is empty");
  if (can_stand_in_file_name(test_name)) return {};
  return fail(
      ErrorCode::usage,
      "the test name '" + escape_control(test_name) +
          "' can't be part of a file name: it holds '/' or a control character, or is not UTF-8");
}

Result<WrittenSidecar> write_sidecar_file(const Record& record, const SidecarWrite& how) {
  if (auto checked = check_test_name(record.test_name); !checked) return fail(checked.error());
  if (!can_stand_in_file_name(record.run_id)) {
    return fail(
        ErrorCode::usage,
        "the run_id '" + escape_control(record.run_id) +
            "' can't be part of a file name: it holds '/' or a control character, or is not UTF-8");
  }
  const std::size_t length =
      record.test_name.size() + std::string_view("-0123456789abcdef.ktstr.json").size();
  if (length > k_longest_name) {
    return fail(ErrorCode::usage, "the test name makes a file name of " + std::to_string(length) +
                                      " bytes; " + std::to_string(k_longest_name) + " are allowed");
  }
  return SidecarWriter(record, how).write();
}

std::optional<std::string> take_last_sidecar_path() {
  return std::exchange(last_path(), std::nullopt);
}

Result<void> suppress_failure_dumps(FileSystem& files, const std::string& directory,
                                    bool is_default_directory, const std::string& test_name,
                                    std::uint64_t variant_hash, ChangeObserver* observer) {
  if (auto checked = check_test_name(test_name); !checked) return checked;
  if (is_default_directory) {
    if (auto checked = check_own(files, directory); !checked) return checked;
  }
  const auto opened = open_sidecar_directory(files, directory, is_default_directory);
  if (!opened && opened.error().code == ErrorCode::not_found) {
    const auto there = files.status(directory, FollowLinks::yes);
    if (!there) return {};
    return fail(ErrorCode::io, "not a directory", directory);
  }
  if (!opened) return fail(opened.error());
  const std::string stem = join_path(directory, test_name + "-" + variant_hash_text(variant_hash));
  Result<void> outcome;
  for (const char* const suffix : k_dump_suffixes) {
    const auto removed = remove_dump(**opened, stem + suffix, observer);
    if (outcome) outcome = removed;
  }
  return outcome;
}

}  // namespace ktstr
