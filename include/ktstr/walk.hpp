// SPDX-License-Identifier: MIT
#pragma once

// Finding and loading sidecars without a catalog, by the harness's own rules (its sidecar module).
// It reads every file each time; the catalog's `pool` must always equal what this loads.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/messages.hpp"
#include "ktstr/record.hpp"
#include "ktstr/record_json.hpp"
#include "ktstr/result.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// The last extension is "json" and the name holds ".ktstr.". Looks at the name alone; a name that
/// is not UTF-8 is never a sidecar.
[[nodiscard]] bool is_sidecar_filename(std::string_view name);
/// The name holds ".ktstr.json.tmp.": a writer's staging file, or what a killed one left.
[[nodiscard]] bool is_sidecar_staging_filename(std::string_view name);
/// A run directory's name does not begin with a dot (".locks", ".ktstr-index").
[[nodiscard]] bool is_run_directory_name(std::string_view name);

enum class ArtifactKind { sidecar, failure_dump, repro_failure_dump, wprof, repro_wprof, staging };
/// "sidecar", "failure-dump", "repro-failure-dump", "wprof", "repro-wprof", "staging".
[[nodiscard]] const char* artifact_kind_name(ArtifactKind kind);

/// What a file name in a run directory says.
struct ArtifactName {
  ArtifactKind kind = ArtifactKind::sidecar;
  std::string test;
  std::uint64_t hash = 0;  ///< 0 for a dump or trace whose name carries none
  bool has_hash = false;
};
/// None for a name that is no artifact, a ".ktstr.json" without a hash included (the walk reads
/// such a file all the same).
[[nodiscard]] std::optional<ArtifactName> classify_artifact(std::string_view name);

struct LoadedSidecar {
  std::string path;
  Record record;
};
struct SidecarParseError {
  std::string path;
  std::string raw_error;
  std::optional<std::string> enriched_message;  ///< advice, for a missing `host` only
};
struct SidecarIoError {
  std::string path;
  std::string raw_error;
};
/// Every file that is named as a sidecar is in exactly one of the three lists, in byte order of
/// the paths (the harness leaves them in directory order).
struct Collection {
  std::vector<LoadedSidecar> sidecars;
  std::vector<SidecarParseError> parse_errors;
  std::vector<SidecarIoError> io_errors;
};

/// Where the one-line messages of a walk go by default.
[[nodiscard]] MessageSink stderr_sink();

struct WalkOptions {
  MessageSink sink = stderr_sink();
  SampleHandling samples = SampleHandling::keep;
  std::uint64_t max_file_bytes = 256ULL << 20;  ///< larger files are unreadable
};

/// The sidecars directly in a directory and in each directory below it, one level deep. Links are
/// followed. A directory that can't be listed gives nothing. Prints a line per unreadable file,
/// none for stale ones. Not thread-safe for one sink; else thread-safe.
[[nodiscard]] Collection collect_with_errors(const std::string& directory,
                                             const WalkOptions& options = {});
/// The same, and one line if stale (unparsable) files were left out.
[[nodiscard]] std::vector<LoadedSidecar> collect(const std::string& directory,
                                                 const WalkOptions& options = {});
/// Every sidecar below every directory directly in `root`, dot directories included; one stale
/// line for the whole walk. A missing or unreadable root is an empty pool.
[[nodiscard]] std::vector<LoadedSidecar> pool(const std::string& root,
                                              const WalkOptions& options = {});
/// The whole walk with its three lists, for those who need the errors of a pool.
[[nodiscard]] Collection pool_with_errors(const std::string& root, const WalkOptions& options = {});

/// The run directory (not a dot directory) with the latest mtime of its own entry (a link's own
/// mtime, as the harness has it); the last name in byte order on a tie. None without one.
[[nodiscard]] std::optional<std::string> newest_run_directory(const std::string& root);

}  // namespace ktstr
#pragma GCC visibility pop
