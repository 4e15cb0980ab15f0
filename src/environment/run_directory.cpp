// SPDX-License-Identifier: MIT
#include "ktstr/run_directory.hpp"

#include "base/stderr_line.hpp"
#include "environment/join_path.hpp"
#include "environment/locations.hpp"
#include "environment/unknown_commit_gate.hpp"
#include "environment/variables.hpp"

namespace ktstr {
namespace {

constexpr const char* k_unknown = "unknown";

}  // namespace

OnceGate& unknown_commit_gate() {
  static OnceGate gate;
  return gate;
}

std::optional<std::string> sidecar_directory_override(const Variables& variables) {
  return non_empty_utf8(variables, "KTSTR_SIDECAR_DIR");
}

std::string run_directory_name(const std::optional<std::string>& kernel_version,
                               const std::optional<std::string>& project_commit) {
  return kernel_version.value_or(k_unknown) + "-" + project_commit.value_or(k_unknown);
}

std::string unknown_project_commit_text() {
  return "ktstr: WARNING: project commit unavailable (cwd not in a git repo, or HEAD unreadable); "
         "runs at this kernel overwrite each other in target/ktstr/{kernel}-unknown/. Set "
         "KTSTR_SIDECAR_DIR=<unique-path> per run, or run from inside a git repo with at least one "
         "commit.";
}

void warn_unknown_project_commit(OnceGate& gate, const MessageSink& sink) {
  if (gate.enter() && sink) sink(unknown_project_commit_text());
}

void warn_unknown_project_commit() {
  warn_unknown_project_commit(unknown_commit_gate(), print_to_stderr);
}

std::string default_sidecar_directory(const Variables& variables,
                                      const std::optional<std::string>& kernel_version,
                                      const std::optional<std::string>& project_commit,
                                      OnceGate& gate, const MessageSink& sink) {
  if (!project_commit) warn_unknown_project_commit(gate, sink);
  return join_path(runs_root(variables).path, run_directory_name(kernel_version, project_commit));
}

std::string default_sidecar_directory(const Variables& variables,
                                      const std::optional<std::string>& kernel_version,
                                      const std::optional<std::string>& project_commit) {
  return default_sidecar_directory(variables, kernel_version, project_commit, unknown_commit_gate(),
                                   print_to_stderr);
}

std::string run_source(const Variables& variables) {
  return non_empty_utf8(variables, "KTSTR_CI") ? "ci" : "local";
}

std::optional<std::string> run_session_token(const Variables& variables) {
  return non_empty_utf8(variables, "KTSTR_RUN_EPOCH");
}

}  // namespace ktstr
