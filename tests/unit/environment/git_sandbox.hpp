// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "ktstr/run.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {

/// A directory for repositories that the git command builds, the same on every machine: fixed
/// names and dates, nobody's configuration.
class GitSandbox : public ::testing::Test {
 protected:
  GitSandbox() {
    // libgit2 reads it when the first probe opens it.
    ::setenv("HOME", directory_.path("no-home").c_str(), 1);
    ::setenv("XDG_CONFIG_HOME", directory_.path("no-home").c_str(), 1);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_.path(name); }
  std::string write(const std::string& name, const std::string& bytes) const {
    return directory_.write(name, bytes);
  }

  /// Runs a shell line in a directory of the sandbox; says what it printed. Throws if it fails.
  std::string shell(const std::string& directory, const std::string& line) const {
    const std::string command =
        "cd '" + path(directory) + "' && export HOME='" + path("no-home") +
        "' GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_NAME=A"
        " GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.com"
        " GIT_AUTHOR_DATE='2024-01-02T03:04:05Z' GIT_COMMITTER_DATE='2024-01-02T03:04:05Z'"
        " GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'"
        " GIT_CONFIG_KEY_1=protocol.file.allow GIT_CONFIG_VALUE_1=always LC_ALL=C && { " +
        line + "; } 2>&1";
    std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::string output;
    std::array<char, 4096> buffer = {};
    while (std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) {
      output.append(buffer.data(), count);
    }
    if (::pclose(pipe.release()) != 0) throw std::runtime_error(line + ": " + output);
    return output;
  }

  /// A repository with one commit of three files.
  void make_repository(const std::string& name, const std::string& init_options = "") const {
    write(name + "/Makefile", "all:\n");
    write(name + "/kernel/sched/core.c", "int core;\n");
    write(name + "/tools/run.sh", "echo\n");
    shell(name,
          "git init -q -b main " + init_options + " . && git add -A && git commit -q -m first");
  }

  [[nodiscard]] std::string head(const std::string& repository) const {
    return shell(repository, "git rev-parse HEAD").substr(0, 7);
  }
  [[nodiscard]] std::string dirty_head(const std::string& repository) const {
    return head(repository) + "-dirty";
  }
  [[nodiscard]] std::optional<std::string> exact(const std::string& directory) const {
    return commit_at(path(directory), CommitSearch::exact);
  }
  [[nodiscard]] std::optional<std::string> upward(const std::string& directory) const {
    return commit_at(path(directory), CommitSearch::upward);
  }

  /// What the git command calls it, without writing to the repository.
  [[nodiscard]] bool does_git_see_changes(const std::string& repository) const {
    return !shell(repository,
                  "git --no-optional-locks status --porcelain --untracked-files=no"
                  " --ignore-submodules=all")
                .empty();
  }
  void expect_clean(const std::string& repository) const {
    EXPECT_EQ(exact(repository), head(repository));
    EXPECT_FALSE(does_git_see_changes(repository));
  }
  void expect_dirty(const std::string& repository) const {
    EXPECT_EQ(exact(repository), dirty_head(repository));
    EXPECT_TRUE(does_git_see_changes(repository));
  }

  /// Puts the 20 NULs in place of an index's checksum that index.skipHash leaves there.
  void drop_checksum(const std::string& index) const {
    shell(".", "truncate -s -20 '" + index + "' && truncate -s +20 '" + index + "'");
  }

  void set_mtime(const std::string& name, const timespec& time) const {
    const std::array<timespec, 2> times = {time, time};
    if (::utimensat(AT_FDCWD, path(name).c_str(), times.data(), 0) != 0) {
      throw std::runtime_error("utimensat " + name);
    }
  }
  [[nodiscard]] timespec mtime(const std::string& name) const {
    struct stat status = {};
    if (::stat(path(name).c_str(), &status) != 0) throw std::runtime_error("stat " + name);
    return status.st_mtim;
  }

 private:
  TemporaryDirectory directory_;
};

}  // namespace ktstr::test
