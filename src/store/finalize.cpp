// SPDX-License-Identifier: MIT
#include "store/finalize.hpp"

#include <unistd.h>

#include <optional>
#include <utility>

#include "ktstr/record_json.hpp"
#include "store/paths.hpp"
#include "store/verdict_edit.hpp"

namespace ktstr {
namespace {

using HeldLock = std::optional<RunDirectoryLock>;

/// Of the directory that holds the file, if writers lock it.
Result<HeldLock> lock_directory_of(const std::string& path, const FinalizeWrite& how) {
  // A path from within the directory doesn't name it.
  const std::string absolute = absolute_path(path);
  const std::string directory = absolute.substr(0, absolute.rfind('/') + 1);
  const auto lock_path = run_directory_lock_path(directory);
  if (!lock_path || !how.files->status(*lock_path, FollowLinks::no)) return HeldLock();
  auto lock = RunDirectoryLock::acquire(directory, how.lock_timeout, *how.files, *how.clock);
  if (!lock) return fail(std::move(lock.error()));
  return HeldLock(std::move(*lock));
}

Result<VerdictEdit> read_and_edit(const std::string& path, Verdict final_verdict,
                                  const FinalizeWrite& how) {
  const auto file = how.files->open_file(path);
  if (!file) return fail(file.error());
  const auto text = (*file)->read_all(how.max_file_bytes);
  if (!text) return fail(text.error());
  auto edit = edit_verdict(*text, final_verdict);
  if (edit && edit->text && edit->before.expected_failure && how.refuse_second_inversion) {
    return fail(ErrorCode::io, "was finalized before: its failure was expected", path,
                "--force does it all the same, and loses that mark");
  }
  if (edit) return edit;
  // The harness takes text that isn't UTF-8 for a failed read, of which it says nothing.
  if (!is_not_utf8(edit.error()) && how.messages) {
    how.messages("ktstr: finalize_sidecar_verdict: unparseable sidecar " + path);
  }
  return fail(ErrorCode::parse, edit.error().message, path);
}

Result<Stamp> replace(const std::string& path, const std::string& bytes, const FinalizeWrite& how) {
  StagedWrite write;
  write.target = path;
  // As the harness names it, so that pre-clear knows an orphan.
  write.staging = path + ".tmp.finalize." + std::to_string(::getpid());
  write.bytes = bytes;
  write.label = "sidecar";
  write.sync = how.sync;
  write.at_step = how.at_step;
  write.about_to_replace = [&] {
    const FileChange change{path};
    if (how.observer != nullptr) how.observer->about_to_remove({&change, 1});
  };
  return write_staged_file(*how.files, write);
}

}  // namespace

Result<bool> finalize_sidecar_file(const std::string& path, Verdict final_verdict,
                                   const FinalizeWrite& how) {
  auto lock = lock_directory_of(path, how);
  if (!lock) return fail(std::move(lock.error()));
  const auto edit = read_and_edit(path, final_verdict, how);
  if (!edit) return fail(edit.error());
  if (!edit->text) return false;
  const auto stamp = replace(path, *edit->text, how);
  if (!stamp) return fail(stamp.error());
  lock->reset();
  if (how.observer != nullptr) how.observer->rewritten({path, &*edit->text, *stamp});
  return true;
}

}  // namespace ktstr
