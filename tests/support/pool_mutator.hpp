// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace ktstr::test {

/// Which changes a mutator makes.
enum class Mutations {
  by_name,  ///< create, rename, remove: what level `dirs` promises to see
  all,      ///< edits in place and changes of mode, too
};

/// Changes a runs root on the real file system at random, the same way for the same seed: sidecars
/// good and bad, dumps, links, FIFOs, run and job directories.
class PoolMutator {
 public:
  /// `root` must exist; `elsewhere` is a directory for staging and for what links lead to.
  PoolMutator(std::string root, std::string elsewhere, Mutations mutations, unsigned seed);

  /// One change; says which, for a failing test's message.
  std::string step();

 private:
  std::string create();
  std::string replace();
  std::string remove();
  std::string rename();
  std::string edit_in_place();
  std::string change_mode();
  std::string add_directory();
  std::string remove_directory();
  std::string move_directory();
  std::string add_link();
  std::string add_special();

  [[nodiscard]] std::size_t below(std::size_t count);
  [[nodiscard]] std::string any_of(const std::vector<std::string>& paths);
  [[nodiscard]] std::vector<std::string> run_directories() const;
  /// Run and job directories.
  [[nodiscard]] std::vector<std::string> directories() const;
  [[nodiscard]] std::vector<std::string> files() const;
  [[nodiscard]] std::string new_file_name();
  [[nodiscard]] std::string new_content();
  void write_by_rename(const std::string& path, const std::string& bytes);

  std::string root_;
  std::string elsewhere_;
  Mutations mutations_;
  std::mt19937 random_;
  int last_number_ = 0;
};

}  // namespace ktstr::test
