// SPDX-License-Identifier: MIT
#include "support/pool_mutator.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "support/small_records.hpp"

namespace ktstr::test {
namespace {

namespace fs = std::filesystem;

void write_in_place(const std::string& path, const std::string& bytes) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << bytes;
}

/// Sorted, since the order of a directory is not the same twice.
std::vector<std::string> entries_of(const std::string& directory, bool directories) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.is_directory(error) == directories) paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

PoolMutator::PoolMutator(std::string root, std::string elsewhere, Mutations mutations,
                         unsigned seed)
    : root_(std::move(root)),
      elsewhere_(std::move(elsewhere)),
      mutations_(mutations),
      random_(seed) {}

std::string PoolMutator::step() {
  using Change = std::string (PoolMutator::*)();
  std::vector<Change> changes = {
      &PoolMutator::create,        &PoolMutator::create,           &PoolMutator::create,
      &PoolMutator::create,        &PoolMutator::replace,          &PoolMutator::replace,
      &PoolMutator::remove,        &PoolMutator::rename,           &PoolMutator::rename,
      &PoolMutator::add_directory, &PoolMutator::remove_directory, &PoolMutator::move_directory,
      &PoolMutator::add_link,      &PoolMutator::add_special};
  if (mutations_ == Mutations::all) {
    changes.insert(changes.end(), {&PoolMutator::edit_in_place, &PoolMutator::edit_in_place,
                                   &PoolMutator::change_mode});
  }
  return (this->*changes[below(changes.size())])();
}

std::string PoolMutator::create() {
  const std::vector<std::string> all = directories();
  if (all.empty()) return add_directory();
  const std::string path = any_of(all) + "/" + new_file_name();
  write_by_rename(path, new_content());
  return "create " + path;
}

std::string PoolMutator::replace() {
  const std::vector<std::string> all = files();
  if (all.empty()) return create();
  const std::string path = any_of(all);
  write_by_rename(path, new_content());
  return "replace " + path;
}

std::string PoolMutator::remove() {
  const std::vector<std::string> all = files();
  if (all.empty()) return create();
  const std::string path = any_of(all);
  fs::remove(path);
  return "remove " + path;
}

std::string PoolMutator::rename() {
  const std::vector<std::string> all = files();
  if (all.empty()) return create();
  const std::string from = any_of(all);
  const std::string to = any_of(directories()) + "/" + new_file_name();
  std::error_code error;
  fs::rename(from, to, error);
  return "rename " + from + " to " + to;
}

std::string PoolMutator::edit_in_place() {
  std::vector<std::string> all = files();
  all.erase(std::remove_if(all.begin(), all.end(),
                           [](const std::string& path) { return !fs::is_regular_file(path); }),
            all.end());
  if (all.empty()) return create();
  const std::string path = any_of(all);
  write_in_place(path, new_content());
  return "edit " + path;
}

std::string PoolMutator::change_mode() {
  const std::vector<std::string> all = files();
  if (all.empty()) return create();
  const std::string path = any_of(all);
  std::error_code error;
  fs::permissions(path, below(2) == 0 ? fs::perms::none : fs::perms::owner_all, error);
  return "chmod " + path;
}

std::string PoolMutator::add_directory() {
  const std::vector<std::string> runs = run_directories();
  const std::string number = std::to_string(++last_number_);
  std::string path = root_ + "/" + (below(8) == 0 ? "." : "") + "run" + number;
  if (!runs.empty() && below(2) == 0) {
    path = any_of(runs) + "/job" + number + (below(4) == 0 ? ".ktstr.json" : "");
  }
  std::error_code error;
  fs::create_directory(path, error);
  return "mkdir " + path;
}

std::string PoolMutator::remove_directory() {
  const std::vector<std::string> all = directories();
  if (all.empty()) return add_directory();
  const std::string path = any_of(all);
  std::error_code error;
  fs::remove_all(path, error);
  return "rm -r " + path;
}

std::string PoolMutator::move_directory() {
  const std::vector<std::string> all = directories();
  if (all.empty()) return add_directory();
  const std::string from = any_of(all);
  const std::string name = "/moved" + std::to_string(++last_number_);
  const std::string to = (below(2) == 0 ? root_ : any_of(run_directories())) + name;
  std::error_code error;
  fs::rename(from, to, error);  // fails into itself, which is fine
  return "mv " + from + " " + to;
}

std::string PoolMutator::add_link() {
  const std::vector<std::string> all = directories();
  if (all.empty()) return add_directory();
  std::string path = any_of(all) + "/" + new_file_name();
  std::string target = "nowhere";
  switch (below(4)) {
    case 0: {
      const std::vector<std::string> sidecars = files();
      if (!sidecars.empty()) target = any_of(sidecars);
      break;
    }
    case 1:
      target = elsewhere_ + "/" + new_file_name();
      write_in_place(target, new_content());
      break;
    case 2:
      target = elsewhere_ + "/directory" + std::to_string(++last_number_);
      fs::create_directory(target);
      write_in_place(target + "/" + new_file_name(), new_content());
      if (below(2) == 0) path = root_ + "/link" + std::to_string(last_number_);
      break;
    default:
      break;
  }
  std::error_code error;
  fs::create_symlink(target, path, error);
  return "link " + path + " to " + target;
}

std::string PoolMutator::add_special() {
  const std::vector<std::string> all = directories();
  if (all.empty()) return add_directory();
  const std::string path = any_of(all) + "/" + new_file_name();
  if (below(2) == 0) {
    ::mkfifo(path.c_str(), 0600);
    return "mkfifo " + path;
  }
  std::error_code error;
  fs::create_directory(path, error);
  return "mkdir " + path;
}

std::size_t PoolMutator::below(std::size_t count) {
  // Not a distribution of the library's: those differ between libraries.
  return static_cast<std::size_t>(random_()) % count;
}

std::string PoolMutator::any_of(const std::vector<std::string>& paths) {
  return paths[below(paths.size())];
}

std::vector<std::string> PoolMutator::run_directories() const { return entries_of(root_, true); }

std::vector<std::string> PoolMutator::directories() const {
  std::vector<std::string> all = run_directories();
  for (const std::string& run : run_directories()) {
    const std::vector<std::string> jobs = entries_of(run, true);
    all.insert(all.end(), jobs.begin(), jobs.end());
  }
  return all;
}

std::vector<std::string> PoolMutator::files() const {
  std::vector<std::string> all;
  for (const std::string& directory : directories()) {
    const std::vector<std::string> files = entries_of(directory, false);
    all.insert(all.end(), files.begin(), files.end());
  }
  return all;
}

std::string PoolMutator::new_file_name() {
  const std::string stem = "t" + std::to_string(below(40));
  switch (below(12)) {
    case 0:
      return stem + "-0123456789abcdef.failure-dump.json";
    case 1:
      return stem + ".wprof.pb";
    case 2:
      return stem + "-0123456789abcdef.ktstr.json.tmp.1.2";
    case 3:
      return stem + "\n'\".ktstr.json";
    case 4:
      return stem + "\xff.ktstr.json";
    case 5:
      return "notes.txt";
    default:
      return stem + "-0123456789abcdef.ktstr.json";
  }
}

std::string PoolMutator::new_content() {
  switch (below(10)) {
    case 0:
      return k_drifted;
    case 1:
      return k_corrupt;
    case 2:
      return k_not_utf8;
    case 3:
      return "";
    default:
      break;
  }
  // Few values, so that the same bytes turn up in several places and sizes are often equal.
  Record record = small_record("test" + std::to_string(below(20)));
  record.passed = below(3) != 0;
  record.stats.total_iterations = 10 + below(80);
  return encode_record(record);
}

void PoolMutator::write_by_rename(const std::string& path, const std::string& bytes) {
  const std::string staging = elsewhere_ + "/staging";
  write_in_place(staging, bytes);
  std::error_code error;
  fs::rename(staging, path, error);  // fails where a directory is in the way, which is fine
}

}  // namespace ktstr::test
