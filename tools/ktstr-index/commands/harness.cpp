// SPDX-License-Identifier: MIT
#include "commands/harness.hpp"

#include <iostream>
#include <memory>
#include <utility>

#include "base/file_system.hpp"
#include "base/text.hpp"
#include "ktstr/variant_hash.hpp"
#include "ktstr/walk.hpp"
#include "library/harness_input.hpp"

namespace ktstr {
namespace {

struct HashArguments {
  std::string file;
};
struct ClassifyArguments {
  std::vector<std::string> names;
};

int run_hash(const Context& context, const HashArguments& arguments) {
  const auto text = read_input(arguments.file, context.limits().max_file_bytes);
  if (!text) return context.failed(text.error());
  auto record = parse_harness_variant(*text);
  if (!record) {
    record.error().path = arguments.file;
    return context.failed(record.error());
  }
  return context.print_value("hash", variant_hash_text(variant_hash(*record)));
}

int run_classify(const Context& context, const ClassifyArguments& arguments) {
  std::vector<std::vector<Value>> rows;
  for (const std::string& argument : arguments.names) {
    const std::string name = argument.substr(argument.rfind('/') + 1);
    std::vector<Value> row(4);
    row[0] = argument;
    if (const auto artifact = classify_artifact(name)) {
      row[1] = std::string(artifact_kind_name(artifact->kind));
      row[2] = artifact->test;
      row[3] = hex16(artifact->hash);
    }
    rows.push_back(std::move(row));
  }
  RowList list({{"name"}, {"kind"}, {"test"}, {"hash"}}, std::move(rows));
  return context.print_rows(list);
}

Command make_hash_command(const Context& context) {
  auto arguments = std::make_shared<HashArguments>();
  Command command;
  command.name = "hash";
  command.summary = "The variant hash of a record, 16 hex digits";
  command.description =
      "Reads a sidecar, or any object with its six identifying fields (topology, scheduler, "
      "payload, work_type, sysctls, kargs).";
  command.positionals = {{"FILE", "The file, or - for standard input", &arguments->file, true}};
  command.run = [&context, arguments] { return run_hash(context, *arguments); };
  return command;
}

Command make_classify_command(const Context& context) {
  auto arguments = std::make_shared<ClassifyArguments>();
  Command command;
  command.name = "classify";
  command.summary = "What file names in a run directory say";
  command.positionals = {{"NAME", "File names", &arguments->names, true}};
  command.run = [&context, arguments] { return run_classify(context, *arguments); };
  return command;
}

}  // namespace

Result<std::string> read_input(const std::string& file, std::uint64_t limit_bytes) {
  if (file != "-") {
    const auto handle = system_file_system().open_file(file);
    if (!handle) return fail(handle.error());
    return (*handle)->read_all(limit_bytes);
  }
  std::string text;
  std::string block(std::size_t{1} << 16, '\0');
  while (std::cin.read(block.data(), static_cast<std::streamsize>(block.size())) ||
         std::cin.gcount() > 0) {
    text.append(block, 0, static_cast<std::size_t>(std::cin.gcount()));
    if (text.size() > limit_bytes) {
      return fail(ErrorCode::io,
                  "larger than the limit of " + std::to_string(limit_bytes) + " bytes",
                  "standard input");
    }
  }
  return text;
}

Variables with_variable(Variables variables, std::string name, std::string value) {
  return [variables = std::move(variables), name = std::move(name),
          value = std::move(value)](const std::string& asked) {
    return asked == name ? std::optional<std::string>(value) : variables(asked);
  };
}

WriterOptions writer_options(const Context& context) {
  const SessionOptions stated = context.session_options();
  WriterOptions options;
  options.variables = stated.variables;
  if (stated.root) {
    options.variables = with_variable(std::move(options.variables), "KTSTR_RUNS_ROOT",
                                      canonical_path(*stated.root));
  }
  if (stated.catalog) {
    options.variables =
        with_variable(std::move(options.variables), "KTSTR_INDEX_CATALOG", *stated.catalog);
  }
  return options;
}

Command make_harness_command(const Context& context) {
  Command command;
  command.name = "harness";
  command.group = "Harnesses";
  command.summary = "The sidecar protocol, for harnesses in any language";
  command.subcommands = {make_write_command(context),    make_write_skip_command(context),
                         make_finalize_command(context), make_suppress_dumps_command(context),
                         make_hash_command(context),     make_classify_command(context)};
  return command;
}

}  // namespace ktstr
