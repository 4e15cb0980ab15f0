// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/asked_program.hpp"
#include "environment/git_repository.hpp"

namespace ktstr {

/// The git command, as a judge of repositories that may be a stranger's: it runs no program that
/// any configuration names (hooks, file system monitors, filters, helpers of transports), fetches
/// nothing, takes no lock, asks nobody, and is told exactly which repository is meant. Of the
/// configuration of system and user it takes what says how files compare (core.autocrlf).
/// Needs git 2.18 or newer; an older one can't tell. Thread-safe.
class GitCommand {
 public:
  /// None if the absolute entries of PATH have no git.
  [[nodiscard]] static std::optional<GitCommand> find();

  /// Errors: timeout; io where git can't tell, as where only a filter program could.
  [[nodiscard]] Result<bool> is_changed(const GitRepository& repository,
                                        std::int64_t until_ns) const;
  [[nodiscard]] Result<std::string> root_commit(const GitRepository& repository,
                                                std::int64_t until_ns) const;

 private:
  using Words = std::vector<std::string>;
  explicit GitCommand(std::string program) : program_(std::move(program)) {}

  /// `settings` and `question` follow what is said every time.
  [[nodiscard]] Result<ProgramAnswer> ask(const GitRepository& repository, const Words& settings,
                                          const Words& question, std::int64_t until_ns) const;
  [[nodiscard]] Result<Words> settings_without_filters(const GitRepository& repository,
                                                       std::int64_t until_ns) const;
  [[nodiscard]] Result<std::string> end_of_chain(const GitRepository& repository,
                                                 const Words& settings, const std::string& commit,
                                                 std::int64_t until_ns) const;

  std::string program_;
};

}  // namespace ktstr
