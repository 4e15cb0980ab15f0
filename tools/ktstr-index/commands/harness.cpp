// SPDX-License-Identifier: MIT
#include <iostream>
#include <iterator>
#include <memory>

#include "base/file_system.hpp"
#include "base/text.hpp"
#include "commands/commands.hpp"
#include "ktstr/record_json.hpp"
#include "ktstr/variant_hash.hpp"
#include "ktstr/walk.hpp"
#include "record/fields.hpp"

namespace ktstr {
namespace {

struct HashArguments {
  std::string file;
};
struct ClassifyArguments {
  std::vector<std::string> names;
};

Result<std::string> read_input(const std::string& file, std::uint64_t limit_bytes) {
  if (file == "-") {
    std::string text(std::istreambuf_iterator<char>(std::cin), {});
    return text;
  }
  const auto handle = system_file_system().open_file(file);
  if (!handle) return fail(handle.error());
  return (*handle)->read_all(limit_bytes);
}

/// The first of the six fields that is missing or has the wrong type; empty if all are there.
/// `payload` may be missing, as in a record.
std::string missing_part(const Record& record) {
  if (!was_read(record, &Record::topology)) return "topology";
  if (!was_read(record, &Record::scheduler)) return "scheduler";
  if (!was_read(record, &Record::work_type)) return "work_type";
  if (!was_read(record, &Record::sysctls)) return "sysctls";
  if (!was_read(record, &Record::kargs)) return "kargs";
  return {};
}

int run_hash(const Context& context, const HashArguments& arguments) {
  const auto text = read_input(arguments.file, context.limits().max_file_bytes);
  if (!text) return context.failed(text.error());
  const auto decoded = decode_record(*text, SampleHandling::reduce);
  if (!decoded) return context.failed(decoded.error());
  if (const std::string part = missing_part(decoded->record); !part.empty()) {
    return context.failed({ErrorCode::parse, "no usable field `" + part + "`", arguments.file,
                           "a record or an object with topology, scheduler, payload, work_type, "
                           "sysctls and kargs is wanted"});
  }
  const std::string hash = variant_hash_text(variant_hash(decoded->record));
  if (context.format() == Format::table) return context.print_text(hash + "\n");
  JsonObject document;
  document.add("hash", hash);
  return context.print_document(document, {{"hash", hash}});
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

Command make_harness_command(const Context& context) {
  Command command;
  command.name = "harness";
  command.group = "Harnesses";
  command.summary = "The sidecar protocol, for harnesses in any language";
  command.subcommands = {make_hash_command(context), make_classify_command(context)};
  return command;
}

}  // namespace ktstr
