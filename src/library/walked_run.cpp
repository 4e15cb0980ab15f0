// SPDX-License-Identifier: MIT
#include "library/walked_run.hpp"

#include <utility>

#include "query/run_names.hpp"
#include "store/walk_internal.hpp"

namespace ktstr {

Result<void> check_listing(const Result<std::unique_ptr<DirectoryHandle>>& opened) {
  if (!opened) return fail(opened.error());
  return (*opened)->list().map([](const auto&) {});
}

void note_unlisted_jobs(FileSystem& files, const std::string& directory, const MessageSink& note) {
  const auto opened = files.open_directory(directory);
  if (!opened) return;
  const auto entries = (*opened)->list();
  if (!entries) return;
  for (const DirectoryEntry& entry : *entries) {
    if (!is_directory_entry(**opened, entry)) continue;
    const auto listed = check_listing((*opened)->open_directory(entry.name));
    if (!listed) {
      note("can't list " + directory + "/" + entry.name + ": " + listed.error().message +
           "; its files are not in this answer");
    }
  }
}

Result<Collection> walk_run(FileSystem& files, const WalkedRunOptions& options) {
  const auto directory = find_run_directory(files, options.root, options.run);
  if (!directory) return fail(directory.error());
  WalkOptions walk_options;
  walk_options.sink = {};  // what it would say is part of the answer
  walk_options.samples = SampleHandling::reduce;
  walk_options.max_file_bytes = options.max_file_bytes;
  Collection found = collect_with_errors(files, *directory, walk_options);
  note_unlisted_jobs(files, *directory, options.note);
  if (found.sidecars.empty() && found.parse_errors.empty() && found.io_errors.empty()) {
    return fail(ErrorCode::not_found, "no file here or one level below is named as a sidecar",
                *directory);
  }
  return found;
}

}  // namespace ktstr
