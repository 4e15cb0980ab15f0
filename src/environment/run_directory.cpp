// SPDX-License-Identifier: MIT
#include "environment/run_directory.hpp"

#include <algorithm>
#include <utility>

#include "base/time_text.hpp"
#include "base/visible_text.hpp"
#include "environment/git.hpp"
#include "environment/places.hpp"
#include "ktstr/kernel.hpp"
#include "ktstr/run.hpp"

namespace ktstr {
namespace {

RunIds& process_run_ids() {
  static RunIds ids(system_clock());
  return ids;
}

}  // namespace

std::string now_iso8601(const Clock& clock) {
  return iso8601_utc(std::max<std::int64_t>(clock.now_ns(), 0));
}

const std::string& RunIds::timestamp() {
  std::call_once(stamped_, [this] {
    timestamp_ = now_iso8601(clock_);
    timestamp_.erase(std::remove_if(timestamp_.begin(), timestamp_.end(),
                                    [](char c) { return c == '-' || c == ':'; }),
                     timestamp_.end());
  });
  return timestamp_;
}

std::string RunIds::next() { return timestamp() + "-" + std::to_string(count_++); }

std::string now_iso8601() { return now_iso8601(system_clock()); }

std::string run_id_timestamp() { return process_run_ids().timestamp(); }

std::string generate_run_id() { return process_run_ids().next(); }

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

namespace {

constexpr const char* k_git = "git";
constexpr const char* k_cache = "the kernel cache";
constexpr const char* k_kernel = "KTSTR_KERNEL";

class FactFinder {
 public:
  FactFinder(const Variables& variables, const RunFactOptions& options)
      : variables_(variables), options_(options), kernel_(kernel_environment(variables)) {}

  [[nodiscard]] std::vector<RunFact> find() {
    const RunFact version = text("kernel_version", kernel_version(variables_), version_from());
    const RunFact project = project_commit();
    const RunFact source = kernel_source();
    return {sidecar_directory(version.value, project.value),
            text("run_dir", run_directory_name(version.value, project.value),
                 "kernel_version and project_commit"),
            text("kernel", kernel_, k_kernel),
            version,
            source,
            kernel_commit(),
            project,
            kernel_cache(),
            text("session", run_session_token(variables_), "KTSTR_RUN_EPOCH"),
            run_source_fact(),
            kconfig_suffix()};
  }

 private:
  static RunFact text(const char* name, std::optional<std::string> value, const char* from) {
    RunFact fact{name};
    if (value) fact.from = from;
    fact.value = std::move(value);
    return fact;
  }
  [[nodiscard]] RunFact path(const char* name, const std::optional<std::string>& value,
                             const std::string& from) const {
    RunFact fact{name, true};
    if (!value) return fact;
    fact.value = join_path(options_.working_directory, *value);
    fact.from = from;
    return fact;
  }

  [[nodiscard]] RunFact sidecar_directory(const std::optional<std::string>& version,
                                          const std::optional<std::string>& project) const {
    if (const auto named = sidecar_directory_override(variables_)) {
      return path("sidecar_dir", named, "KTSTR_SIDECAR_DIR");
    }
    OnceGate gate;  // nothing is written, so nobody needs the warning
    return path("sidecar_dir", default_sidecar_directory(variables_, version, project, gate, {}),
                runs_root(variables_).from);
  }

  [[nodiscard]] const char* version_from() const {
    if (!kernel_) return "";
    const KernelId id = parse_kernel_id(*kernel_, variables_);
    if (std::holds_alternative<KernelPath>(id)) return "the kernel's directory";
    return std::holds_alternative<KernelVersion>(id) ? k_kernel : k_cache;
  }

  [[nodiscard]] RunFact kernel_source() {
    if (!kernel_) return path("kernel_source", std::nullopt, "");
    KernelSourceOptions options;
    if (options_.kconfig_suffix) options.kconfig_suffix = options_.kconfig_suffix->suffix;
    source_ = kernel_source_directory(*kernel_, variables_, options);
    const bool is_path = std::holds_alternative<KernelPath>(parse_kernel_id(*kernel_, variables_));
    const char* const recorded = is_path ? "the kernel's metadata.json" : k_cache;
    return path("kernel_source", source_, source_ == kernel_ ? k_kernel : recorded);
  }

  [[nodiscard]] RunFact kernel_commit() const {
    if (auto stated = stated_kernel_commit(variables_)) {
      return text("kernel_commit", std::move(stated), "KTSTR_KERNEL_COMMIT");
    }
    return text("kernel_commit", source_ ? options_.kernel_commit(*source_) : std::nullopt, k_git);
  }

  [[nodiscard]] RunFact project_commit() const {
    const bool is_stated = non_empty_utf8(variables_, "KTSTR_PROJECT_COMMIT").has_value();
    return text("project_commit", options_.project_commit(variables_),
                is_stated ? "KTSTR_PROJECT_COMMIT" : k_git);
  }

  [[nodiscard]] RunFact kernel_cache() const {
    const auto root = kernel_cache_root(variables_);
    if (!root) {
      RunFact fact{"kernel_cache", true};
      fact.error = root.error().message;
      return fact;
    }
    const char* from = "HOME";
    if (non_empty_utf8(variables_, "XDG_CACHE_HOME")) from = "XDG_CACHE_HOME";
    if (non_empty(variables_, "KTSTR_CACHE_DIR")) from = "KTSTR_CACHE_DIR";
    return path("kernel_cache", *root, from);
  }

  [[nodiscard]] RunFact run_source_fact() const {
    std::string source = run_source(variables_);
    const bool is_stated = non_empty_utf8(variables_, "KTSTR_CI").has_value();
    return text("run_source", std::move(source), is_stated ? "KTSTR_CI" : "default");
  }

  [[nodiscard]] RunFact kconfig_suffix() const {
    const auto& setting = options_.kconfig_suffix;
    if (!setting) return RunFact{"kconfig_suffix"};
    return text("kconfig_suffix", setting->suffix, setting->from.c_str());
  }

  const Variables& variables_;
  const RunFactOptions& options_;
  const std::optional<std::string> kernel_;
  std::optional<std::string> source_ = {};
};

}  // namespace

std::vector<RunFact> run_facts(const Variables& variables, const RunFactOptions& options) {
  return FactFinder(variables, options).find();
}

}  // namespace ktstr
