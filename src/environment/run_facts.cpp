// SPDX-License-Identifier: MIT
#include "environment/run_facts.hpp"

#include <utility>

#include "environment/join_path.hpp"
#include "environment/locations.hpp"
#include "environment/variables.hpp"
#include "ktstr/kernel.hpp"
#include "ktstr/kernel_cache.hpp"
#include "ktstr/run_directory.hpp"

namespace ktstr {
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
