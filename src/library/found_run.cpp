// SPDX-License-Identifier: MIT
#include "library/found_run.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/visible_text.hpp"
#include "environment/join_path.hpp"
#include "ktstr/walk.hpp"
#include "library/left_out_text.hpp"
#include "library/walked_run.hpp"
#include "query/newest_run.hpp"
#include "query/run_report_rows.hpp"
#include "store/walk_internal.hpp"

namespace ktstr {
namespace {

bool is_path(const std::string& text) {
  return text == "." || text == ".." || text.starts_with('/') || text.starts_with("./") ||
         text.starts_with("../");
}

/// Of a relative path that doesn't begin as one, which a run's name goes before.
bool is_directory_with_slash(const std::string& text, FileSystem& files) {
  if (text.find('/') == std::string::npos) return false;
  const auto status = files.status(text, FollowLinks::yes);
  return status && status->kind == FileKind::directory;
}

/// A sidecar's job ("" if none) and file name, of its path below `directory`.
std::pair<std::string_view, std::string_view> place_of(const LoadedSidecar& sidecar,
                                                       std::size_t directory_length) {
  std::string_view rest = std::string_view(sidecar.path).substr(directory_length);
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return {{}, rest};
  return {rest.substr(0, slash), rest.substr(slash + 1)};
}

std::string broken_text(const Collection& collection) {
  std::string text;
  const auto add = [&](std::size_t count, const char* kind) {
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  };
  add(collection.parse_errors.size(), "unparsable");
  add(collection.io_errors.size(), "unreadable");
  return text;
}

/// Of one that is there: no directory is an empty answer.
Result<void> check_directory(const std::string& directory, FileSystem& files) {
  const auto listed = check_listing(files.open_directory(directory));
  if (listed || listed.error().code == ErrorCode::not_found) return {};
  Error error = listed.error();
  error.path = directory;
  return fail(std::move(error));
}

Result<FoundRun> load_named(Session& session, const NamedRun& run) {
  auto report = load_run_report(session.database(), run);
  if (!report) return fail(std::move(report.error()));
  FoundRun found{std::move(*report)};
  found.run_dir = run.job ? run.run_dir + "/" + *run.job : run.run_dir;
  found.path = join_path(session.paths().root.path, *found.run_dir);
  if (const auto left_out = count_left_out(session.database(), run)) {
    found.missing = left_out_text(*left_out);
  }
  return found;
}

FoundRun no_run(std::string reason) {
  FoundRun none;
  none.missing = std::move(reason);
  return none;
}

FoundRun no_run_of_kernel(const std::string& kernel, const std::vector<std::string>& runs,
                          const std::string& root) {
  constexpr std::size_t k_labels = 3;
  std::string labels;
  for (const std::string& label : nearest_kernel_labels(kernel, runs, k_labels)) {
    labels += (labels.empty() ? "" : ", ") + escape_control(label);
  }
  return no_run("no run directory of kernel '" + escape_control(kernel) + "' in " +
                escape_control(root) + "; there are " + labels);
}

Result<FoundRun> load_newest(Session& session, const std::optional<std::string>& kernel) {
  const auto runs = runs_newest_first(session.database());
  if (!runs) return fail(runs.error());
  const std::string& root = session.paths().root.path;
  if (runs->empty()) return no_run("no run directories in " + escape_control(root));
  const auto newest = std::find_if(runs->begin(), runs->end(), [&](const std::string& run) {
    return !kernel || has_kernel_label(run, *kernel);
  });
  if (newest == runs->end()) return no_run_of_kernel(*kernel, *runs, root);
  return load_named(session, {*newest});
}

}  // namespace

Result<std::optional<std::string>> directory_by_path(const RunSelection& selection,
                                                     const std::optional<std::string>& sidecar_dir,
                                                     FileSystem& files) {
  if (!selection.run) {
    const bool is_named = sidecar_dir && !sidecar_dir->empty();
    return is_named ? sidecar_dir : std::nullopt;
  }
  if (!is_path(*selection.run)) return std::nullopt;
  const auto status = files.status(*selection.run, FollowLinks::yes);
  if (status && status->kind == FileKind::directory) return selection.run;
  return fail(ErrorCode::usage, "there is no such directory", *selection.run,
              "a run below the root goes by its name, as `ktstr-index list` shows it");
}

Result<FoundRun> read_run(const std::string& directory, const DirectoryReading& reading) {
  if (auto listed = check_directory(directory, reading.files); !listed) {
    return fail(std::move(listed.error()));
  }
  WalkOptions options;
  options.sink = [](std::string_view) {};
  options.samples = SampleHandling::reduce;
  options.max_file_bytes = reading.max_file_bytes;
  Collection collection = collect_with_errors(reading.files, directory, options);
  note_unlisted_jobs(reading.files, directory, reading.note);
  // In the catalog's order. That of whole paths has "job-1/x" before "job/x".
  std::sort(collection.sidecars.begin(), collection.sidecars.end(),
            [&](const LoadedSidecar& left, const LoadedSidecar& right) {
              return place_of(left, directory.size()) < place_of(right, directory.size());
            });
  FoundRun found;
  found.path = directory;
  found.missing = broken_text(collection);
  for (const LoadedSidecar& sidecar : collection.sidecars) {
    add_result(found.report, sidecar.record);
  }
  return found;
}

Result<FoundRun> load_run(Session& session, const RunSelection& selection,
                          const DirectoryReading& reading) {
  if (!selection.run) return load_newest(session, selection.kernel);
  const auto run = find_run(session.database(), *selection.run);
  if (run) return load_named(session, *run);
  const bool is_unknown = run.error().code == ErrorCode::usage;
  if (is_unknown && is_directory_with_slash(*selection.run, reading.files)) {
    return read_run(*selection.run, reading);
  }
  return fail(run.error());
}

Result<FoundRun> find_run_without_root(const Error& reason, const RunSelection& selection,
                                       const DirectoryReading& reading) {
  if (reason.code != ErrorCode::not_found) return fail(reason);
  if (!selection.run) return no_run(reason.text_with_hint());
  if (is_directory_with_slash(*selection.run, reading.files)) {
    return read_run(*selection.run, reading);
  }
  return fail(reason);
}

}  // namespace ktstr
