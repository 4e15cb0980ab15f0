// SPDX-License-Identifier: MIT
#pragma once

// What a harness calls to leave its results: one call for each. The files are the protocol; the
// harness's own readers and any other writer see the same ones.
//
// No function here throws. All are thread-safe, as far as `variables` and `messages` are.

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "ktstr/protocol.hpp"
#include "ktstr/record.hpp"
#include "ktstr/result.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// Which of a record's facts about its surroundings are put in by the writer: project_commit,
/// kernel_version, kernel_commit, timestamp, run_id, host and run_source.
enum class FillIn {
  nothing,       ///< the record is written as it is
  unset,         ///< those that are none, or an empty text
  missing_keys,  ///< those whose key was not in the text that the record was decoded from; a null
                 ///< stays null
};

struct WriterOptions {
  /// Where the environment is read: the directory, the session, the kernel, the commits.
  Variables variables = process_variables();
  /// Takes the line about an unknown commit, at most once a process. Empty: stderr.
  MessageSink messages = {};
  FillIn fill_in = FillIn::unset;
  /// See KernelSourceOptions. None: KTSTR_KCONFIG_SUFFIX, if it is set.
  std::optional<std::string> kconfig_suffix = {};
  /// Wait until the file and its name are on the disk. A test's result is rarely worth that.
  bool sync = false;
  /// finalize_sidecar: where the file's failure was expected already, the verdict that it has is
  /// `unchanged`, and any other an error (io), for the raw verdict is gone. Off: the harness's own
  /// rule, which takes the bits at their word.
  bool refuse_second_inversion = false;
  /// How long to wait for other writers of the same run directory; zero is one attempt.
  /// finalize_sidecar waits 2 s at most and then goes on without the lock, as the harness does.
  std::chrono::milliseconds lock_timeout{30'000};
  /// Bring the index up to date with each change below the runs root in the same call, so that a
  /// question after it finds nothing to read. Never fails a call, and waits at most 0.2 s; what it
  /// could not do, the next refresh does. Complains to `messages` at most once a process.
  /// Before a result is replaced or cleared away, it goes into the archive, if it isn't there yet
  /// (unless KTSTR_INDEX_ARCHIVE says off, or CI or KTSTR_CI is set); that waits at most 2 s.
  bool mirror = true;
};

struct WrittenSidecar {
  std::string path;          ///< absolute
  std::string variant_hash;  ///< 16 lower-case hex digits, as in the file's name
};

/// Writes the record as "{test}-{hash}.ktstr.json" into sidecar_directory(), whole or not at all,
/// in place of an earlier result of the same variant.
///
/// In the default directory it takes the directory's lock, and the first write of a process removes
/// what an earlier session left there; KTSTR_RUN_EPOCH tells sessions apart, and without it every
/// process's first write removes all. In a directory named by KTSTR_SIDECAR_DIR it does neither.
/// Nothing is written or cleared through a symbolic link in the place of the default directory or
/// its lock (an error, `io`), nor cleared where one has the session sentinel's name (a message).
///
/// Errors: `usage` for a test name that is empty, and for a test name or run_id that holds "/" or
/// NUL or is not UTF-8 (in other texts, bytes that are not UTF-8 become U+FFFD); `busy` if the lock
/// was not to be had in time; `permission`, `not_found` and `io` from the system. The message is
/// the whole sentence. After an error an earlier file is as it was (but see the clearing), except
/// for "sync ... directory": then the new one stands.
[[nodiscard]] Result<WrittenSidecar> write_sidecar(Record record,
                                                   const WriterOptions& options = {});

/// Writes a skip for a test that was never run. Of `identity` it takes what tells the variant and
/// its surroundings, so that a later run of the same variant replaces the skip; measurements are
/// left out whatever the record holds, and the verdict is "skip". Else as write_sidecar.
[[nodiscard]] Result<WrittenSidecar> write_skip_sidecar(Record identity,
                                                        const WriterOptions& options = {});

/// The path of the sidecar that this thread wrote last, once: the next call gives none until
/// another write has succeeded.
[[nodiscard]] std::optional<std::string> take_last_sidecar_path();

enum class FinalizeOutcome {
  unchanged,  ///< the file has the right bits; it was not touched
  rewritten,
};

/// Puts a test's final verdict (after an expected error was turned into a pass) into its sidecar,
/// and changes nothing else in it. To be called once for each write: the second time, an inverted
/// verdict looks like a plain one. Errors: `parse` for a file that is no sidecar, and those of
/// reading and writing; the file is then as it was.
[[nodiscard]] Result<FinalizeOutcome> finalize_sidecar(const std::string& path,
                                                       Verdict final_verdict,
                                                       const WriterOptions& options = {});

/// Removes the two failure dumps of a variant from sidecar_directory(): for a test that passed or
/// skipped in the end without having written a sidecar, which would be shown as failed for its
/// dump. Missing ones are fine; another variant's stay.
/// Errors: `usage` for a name as in write_sidecar or a hash that is not 16 lower-case hex digits;
/// else what kept a dump from being removed, after both were tried.
[[nodiscard]] Result<void> suppress_failure_dumps(const std::string& test_name,
                                                  const std::string& variant_hash,
                                                  const WriterOptions& options = {});

/// Where sidecars go: KTSTR_SIDECAR_DIR, else the run directory of this kernel and project below
/// the runs root. May be relative. Says once a process that the commit is unknown, on the default
/// path only. Empty if a callback of the options threw.
[[nodiscard]] std::string sidecar_directory(const WriterOptions& options = {});

}  // namespace ktstr
#pragma GCC visibility pop
