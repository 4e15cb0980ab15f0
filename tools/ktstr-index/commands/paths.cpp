// SPDX-License-Identifier: MIT
#include <filesystem>
#include <memory>

#include "commands/commands.hpp"
#include "environment/run_directory.hpp"
#include "ktstr/kernel.hpp"

namespace ktstr {
namespace {

struct PathsArguments {
  std::optional<std::string> kconfig_suffix;
  bool is_map = false;
  std::vector<std::string> identifiers;
};

std::string working_directory() {
  std::error_code ignored;
  return std::filesystem::current_path(ignored).string();
}

/// The two places of the index. Without a runs root the rest can still be said.
std::vector<RunFact> index_facts(const Context& context, const OpenIndexOptions& options) {
  RunFact root{"runs_root", true};
  RunFact catalog{"catalog", true};
  const auto paths = find_paths(options);
  if (paths) {
    root.value = paths->root.path;
    root.from = paths->root.from;
    catalog.value = paths->catalog.path;
    catalog.from = paths->catalog.from;
    return {root, catalog};
  }
  root.error = paths.error().message;
  context.note(paths.error().text());
  const FoundPath named = catalog_path(options.catalog, options.variables, "");
  if (named.path != default_catalog_path("")) {
    catalog.value = named.path;
    catalog.from = named.from;
  }
  return {root, catalog};
}

JsonObject to_json(const RunFact& fact) {
  JsonObject object;
  object.add(fact.is_path ? "path" : "value", fact.value);
  object.add("from", fact.from.empty() ? JsonValue() : JsonValue(fact.from));
  if (!fact.error.empty()) object.add("error", fact.error);
  return object;
}

Fact to_line(const RunFact& fact) {
  std::string name = fact.name;
  for (char& byte : name) byte = byte == '_' ? ' ' : byte;
  if (!fact.value) {
    // The rest of a longer message has been on stderr.
    std::string why = fact.error.substr(0, fact.error.find('\n'));
    if (why.size() < fact.error.size()) why += " …";
    return {name, why.empty() ? "-" : "-  (" + why + ")"};
  }
  return {name, *fact.value + (fact.from.empty() ? "" : "  (" + fact.from + ")")};
}

int print_facts(const Context& context, const std::optional<KconfigSetting>& suffix) {
  const OpenIndexOptions options = context.index_options();
  std::vector<RunFact> all = index_facts(context, options);
  RunFactOptions fact_options;
  fact_options.working_directory = working_directory();
  fact_options.kconfig_suffix = suffix;
  for (RunFact& fact : run_facts(options.variables, fact_options)) all.push_back(std::move(fact));
  JsonObject document;
  std::vector<Fact> lines;
  for (const RunFact& fact : all) {
    document.add(fact.name, to_json(fact));
    lines.push_back(to_line(fact));
  }
  return context.print_document(document, lines);
}

/// The line alone, to be exported.
int print_map(const Context& context, const PathsArguments& arguments,
              const std::optional<KconfigSetting>& suffix) {
  const Variables variables = context.index_options().variables;
  std::vector<std::string> identifiers = arguments.identifiers;
  if (identifiers.empty()) {
    if (auto kernel = kernel_environment(variables)) identifiers.push_back(std::move(*kernel));
  }
  KernelSourceOptions options;
  if (suffix) options.kconfig_suffix = suffix->suffix;
  return context.print_value("kernel_commit_map",
                             kernel_commit_map(identifiers, variables, options));
}

int run(const Context& context, const PathsArguments& arguments) {
  if (!arguments.is_map && !arguments.identifiers.empty()) {
    return context.failed({ErrorCode::usage, "kernel identifiers are for --kernel-commit-map"});
  }
  const auto suffix =
      stated_kconfig_suffix(arguments.kconfig_suffix, context.index_options().variables);
  if (!suffix) return context.failed(suffix.error());
  return arguments.is_map ? print_map(context, arguments, *suffix) : print_facts(context, *suffix);
}

}  // namespace

Command make_paths_command(const Context& context) {
  auto arguments = std::make_shared<PathsArguments>();
  Command command;
  command.name = "paths";
  command.group = "Stores";
  command.summary = "Where things are, and what says so";
  command.description =
      "The runs root and the catalog of this index; then where a test process with this "
      "environment and working directory would write, and what it would put down about its "
      "kernel, commits and session. Asks git for the commits, which takes a while in a large "
      "tree.\n\n"
      "With --kernel-commit-map it prints only the value of KTSTR_KERNEL_COMMIT for test processes "
      "on the kernels named, so that not each of them has to ask git.";
  command.examples = {
      {"ktstr-index paths --format json", "for a script"},
      {"export KTSTR_KERNEL_COMMIT=\"$(ktstr-index paths --kernel-commit-map)\"",
       "look at the kernel's tree once for all tests"},
  };
  command.options = {
      {"--kernel-commit-map", "", "Print IDENTIFIER=COMMIT;… and nothing else", &arguments->is_map},
      {"--kconfig-suffix", "HEX8",
       "The hash of the harness's kernel configuration in the cache's keys (or "
       "KTSTR_KCONFIG_SUFFIX)",
       &arguments->kconfig_suffix},
  };
  command.positionals = {{"IDENTIFIER",
                          "Kernels of the map, as KTSTR_KERNEL would name them; "
                          "without any, the one in KTSTR_KERNEL",
                          &arguments->identifiers}};
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
