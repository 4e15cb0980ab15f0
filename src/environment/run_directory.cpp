// SPDX-License-Identifier: MIT
#include "ktstr/run_directory.hpp"

#include "base/stderr_line.hpp"
#include "base/visible_text.hpp"
#include "environment/join_path.hpp"
#include "environment/locations.hpp"
#include "environment/path_part.hpp"
#include "environment/unknown_commit_gate.hpp"
#include "environment/variables.hpp"

namespace ktstr {
namespace {

constexpr const char* k_unknown = "unknown";

std::string path_part(const std::optional<std::string>& text) {
  return text && can_stand_in_run_directory_name(*text) ? *text : k_unknown;
}

/// Enough of it to know it by; it may be a file's whole content.
std::string shown_start(const std::string& part) {
  constexpr std::size_t k_most_bytes = 200;
  if (part.size() <= k_most_bytes) return escape_control(part);
  return escape_control(part.substr(0, k_most_bytes)) + "…";
}

}  // namespace

OnceGate& unknown_commit_gate() {
  static OnceGate gate;
  return gate;
}

OnceGate& refused_path_part_gate() {
  static OnceGate gate;
  return gate;
}

std::optional<std::string> sidecar_directory_override(const Variables& variables) {
  return non_empty_utf8(variables, "KTSTR_SIDECAR_DIR");
}

std::string run_directory_name(const std::optional<std::string>& kernel_version,
                               const std::optional<std::string>& project_commit) {
  return path_part(kernel_version) + "-" + path_part(project_commit);
}

std::optional<std::string> refused_path_parts_text(
    const std::optional<std::string>& kernel_version,
    const std::optional<std::string>& project_commit) {
  std::string parts;
  const auto add = [&](const char* what, const std::optional<std::string>& part) {
    if (!part || can_stand_in_run_directory_name(*part)) return;
    parts += (parts.empty() ? "" : " and ") + (what + (" '" + shown_start(*part) + "'"));
  };
  add("kernel version", kernel_version);
  add("project commit", project_commit);
  if (parts.empty()) return std::nullopt;
  return "ktstr: WARNING: " + parts +
         " can't be a part of a path; the run directory is named with 'unknown' instead";
}

void warn_refused_path_parts(const std::optional<std::string>& kernel_version,
                             const std::optional<std::string>& project_commit, OnceGate& gate,
                             const MessageSink& sink) {
  const auto text = refused_path_parts_text(kernel_version, project_commit);
  if (text && gate.enter() && sink) sink(*text);
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
  warn_refused_path_parts(kernel_version, project_commit, refused_path_part_gate(),
                          print_to_stderr);
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
