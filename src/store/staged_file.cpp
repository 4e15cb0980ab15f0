// SPDX-License-Identifier: MIT
#include "store/staged_file.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/safe_open.hpp"
#include "environment/places.hpp"
#include "store/walk.hpp"

namespace ktstr {
namespace {

constexpr int k_most_names = 1000;

struct Staging {
  std::string name;
  std::unique_ptr<WritableFile> file;
};

/// A name that nobody else uses. Process id and run id make it so as a rule; but a record can bring
/// its run id along, and two containers that share a directory may number processes alike.
Result<Staging> create_staging(DirectoryHandle& directory, const std::string& wanted) {
  std::string name = wanted;
  for (int number = 2; number <= k_most_names; ++number) {
    auto created = directory.create_new_file(name);
    if (!created) return fail(created.error());
    if (*created) return Staging{std::move(name), std::move(*created)};
    name = wanted + "." + std::to_string(number);
  }
  return fail(os_error(EEXIST));
}

/// Removes the staging file, unless it was renamed.
class StagingRemoval {
 public:
  StagingRemoval(DirectoryHandle& directory, const std::string& name)
      : directory_(directory), name_(name) {}
  StagingRemoval(const StagingRemoval&) = delete;
  StagingRemoval& operator=(const StagingRemoval&) = delete;
  ~StagingRemoval() {
    if (!is_renamed_) static_cast<void>(directory_.remove_file(name_));
  }
  void forget() { is_renamed_ = true; }

 private:
  DirectoryHandle& directory_;
  const std::string& name_;
  bool is_renamed_ = false;
};

void report(const StagedWrite& what, WriteStep step) {
  if (what.at_step) what.at_step(step);
}

Result<void> fill(WritableFile& file, const StagedWrite& what, const std::string& path) {
  Result<void> done = file.write_all(what.bytes);
  if (done) done = file.flush();
  if (!done) return fail_while("write " + what.label + " staging " + path, done.error());
  if (what.sync) done = file.sync();
  if (!done) return fail_while("sync " + what.label + " staging " + path, done.error());
  report(what, WriteStep::staging_written);
  return {};
}

void announce(const DirectoryHandle& directory, const StagedWrite& what) {
  if (what.about_to_replace && directory.status_of(what.target, FollowLinks::no)) {
    what.about_to_replace();
  }
  report(what, WriteStep::announced);
}

}  // namespace

Result<Stamp> write_staged_file(DirectoryHandle& directory, const StagedWrite& what) {
  auto staging = create_staging(directory, what.staging);
  if (!staging) {
    return fail_while("write " + what.label + " staging " + join_path(what.directory, what.staging),
                      staging.error());
  }
  StagingRemoval removal(directory, staging->name);
  report(what, WriteStep::staging_created);
  const std::string path = join_path(what.directory, staging->name);
  if (auto filled = fill(*staging->file, what, path); !filled) return fail(filled.error());
  if (what.once_staged) what.once_staged();
  announce(directory, what);
  if (auto renamed = directory.rename(staging->name, what.target); !renamed) {
    return fail_while("rename " + what.label + " staging " + path + " -> " +
                          join_path(what.directory, what.target),
                      renamed.error());
  }
  removal.forget();
  report(what, WriteStep::renamed);
  const auto status = staging->file->status();
  if (auto synced = what.sync ? directory.sync() : Result<void>(); !synced) {
    return fail_while("sync " + what.label + " directory " + what.directory, synced.error());
  }
  return status ? status->stamp : Stamp{};
}

int copy_bytes(int from, int to, std::uint64_t max_bytes) {
  std::array<char, 64 * 1024> buffer{};
  std::uint64_t copied = 0;
  for (;;) {
    const ssize_t count = ::read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return 0;
    copied += static_cast<std::uint64_t>(count);
    if (copied > max_bytes) return EFBIG;
    const int error = write_whole(to, {buffer.data(), static_cast<std::size_t>(count)});
    if (error != 0) return error;
  }
}

}  // namespace ktstr
