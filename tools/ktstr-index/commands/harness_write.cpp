// SPDX-License-Identifier: MIT
#include <algorithm>
#include <memory>
#include <utility>

#include "base/clock.hpp"
#include "commands/harness.hpp"
#include "ktstr/run_directory.hpp"
#include "ktstr/writer.hpp"
#include "library/harness_input.hpp"

namespace ktstr {
namespace {

struct WriteArguments {
  std::string file = "-";
  std::optional<std::string> session;
  bool clear = false;
  bool sync = false;
};

WriterOptions options_for(const Context& context, const WriteArguments& arguments) {
  WriterOptions options = writer_options(context);
  if (arguments.session) {
    options.variables =
        with_variable(std::move(options.variables), "KTSTR_RUN_EPOCH", *arguments.session);
  }
  options.fill_in = FillIn::missing_keys;
  options.sync = arguments.sync;
  return options;
}

/// A token for all processes of one run.
int print_new_session(const Context& context) {
  return context.print_value("session", std::to_string(system_clock().now_ns()));
}

/// Every process without a token clears what the ones before it wrote.
Result<void> check_session(const WriterOptions& options, const WriteArguments& arguments) {
  const bool safe = arguments.clear || run_session_token(options.variables) ||
                    sidecar_directory_override(options.variables);
  if (safe) return {};
  return fail(ErrorCode::usage,
              "no session: each call would delete the results of the one before it", {},
              "set one for all calls of a run:\n"
              "  export KTSTR_RUN_EPOCH=$(ktstr-index harness write --session new)\n"
              "or name it with --session TOKEN, write to KTSTR_SIDECAR_DIR, or say --clear");
}

int print_written(const Context& context, const Result<WrittenSidecar>& written) {
  if (!written) return context.failed(written.error());
  if (context.format() == Format::table) return context.print_text(written->path + "\n");
  JsonObject document;
  document.add("path", written->path).add("hash", written->variant_hash);
  return context.print_document(document,
                                {{"path", written->path}, {"hash", written->variant_hash}});
}

int run(const Context& context, const WriteArguments& arguments, bool is_skip) {
  if (arguments.session == "new") return print_new_session(context);
  const WriterOptions options = options_for(context, arguments);
  if (auto safe = check_session(options, arguments); !safe) return context.failed(safe.error());
  const auto text = read_input(arguments.file, context.limits().max_file_bytes);
  if (!text) return context.failed(text.error());
  auto record = is_skip ? parse_harness_identity(*text) : parse_harness_record(*text);
  if (!record) return context.failed(record.error());
  return print_written(context, is_skip ? write_skip_sidecar(std::move(*record), options)
                                        : write_sidecar(std::move(*record), options));
}

Command make_command(const Context& context, bool is_skip) {
  auto arguments = std::make_shared<WriteArguments>();
  Command command;
  command.options = {
      {"--session", "TOKEN", "The run that the result belongs to; \"new\" prints a token for one",
       &arguments->session},
      {"--clear", "", "Write without a session: clears the run directory first", &arguments->clear},
      {"--sync", "", "Wait until the file is on the disk", &arguments->sync}};
  command.positionals = {
      {"FILE", "The record, or - for standard input (the default)", &arguments->file}};
  command.run = [&context, arguments, is_skip] { return run(context, *arguments, is_skip); };
  return command;
}

}  // namespace

Command make_write_command(const Context& context) {
  Command command = make_command(context, false);
  command.name = "write";
  command.summary = "Write a record as a sidecar; prints its path";
  command.description =
      "Keys that are missing (not null) and that the environment knows are filled in: "
      "project_commit, kernel_version, kernel_commit, run_source, timestamp, run_id, host. The "
      "first write of a session to a run directory clears what earlier sessions left there.";
  command.examples = {
      {"export KTSTR_RUN_EPOCH=$(ktstr-index harness write --session new)", "begin a run"},
      {"ktstr-index harness write < record.json", "one result of it"}};
  return command;
}

Command make_write_skip_command(const Context& context) {
  Command command = make_command(context, true);
  command.name = "write-skip";
  command.summary = "Write a sidecar for a test that was skipped before it ran";
  command.description =
      "Wants test_name, topology, scheduler, work_type, sysctls, kargs and, where there is one, "
      "payload, so that a later run of the same variant replaces the skip.";
  return command;
}

}  // namespace ktstr
