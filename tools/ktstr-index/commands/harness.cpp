// SPDX-License-Identifier: MIT
#include "commands/harness.hpp"

#include <algorithm>
#include <iostream>
#include <memory>
#include <utility>

#include "base/file_system.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"
#include "ktstr/index.hpp"
#include "ktstr/record.hpp"
#include "ktstr/run.hpp"
#include "ktstr/writer.hpp"
#include "library/writer.hpp"

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
    const std::string name = name_of(argument);
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
  const OpenIndexOptions stated = context.index_options();
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
  if (stated.archive) {
    options.variables =
        with_variable(std::move(options.variables), "KTSTR_INDEX_ARCHIVE", *stated.archive);
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

namespace {

struct FinalizeArguments {
  std::string path;
  Verdict verdict = Verdict::pass;
  bool force = false;
  bool if_exists = false;
};
struct SuppressArguments {
  std::string test;
  std::string hash;
};

Result<Verdict> parse_verdict(const std::string& text) {
  for (const Verdict verdict :
       {Verdict::pass, Verdict::fail, Verdict::skip, Verdict::inconclusive}) {
    if (text == verdict_name(verdict)) return verdict;
  }
  return fail(ErrorCode::usage, "no such verdict");
}

int run_finalize(const Context& context, const FinalizeArguments& arguments) {
  // Of a script whose write has failed: no file is to be expected there.
  if (arguments.path.empty()) return context.failed({ErrorCode::usage, "PATH is empty"});
  WriterOptions options = writer_options(context);
  options.refuse_second_inversion = !arguments.force;
  const auto outcome = finalize_sidecar(arguments.path, arguments.verdict, options);
  const bool is_missing = !outcome && outcome.error().code == ErrorCode::not_found;
  if (is_missing && arguments.if_exists) {
    context.note(outcome.error().text() + ": nothing to finalize");
  } else if (!outcome) {
    return context.failed(outcome.error());
  }
  const bool changed = outcome && *outcome == FinalizeOutcome::rewritten;
  JsonObject document;
  document.add("path", arguments.path).add("changed", changed);
  return context.print_document(document,
                                {{"path", arguments.path}, {"changed", changed ? "yes" : "no"}});
}

int run_suppress(const Context& context, const SuppressArguments& arguments) {
  const auto done = suppress_failure_dumps(arguments.test, arguments.hash, writer_options(context));
  return done ? k_done : context.failed(done.error());
}

}  // namespace

Command make_finalize_command(const Context& context) {
  auto arguments = std::make_shared<FinalizeArguments>();
  const ValueParser verdict = [arguments](const std::string& text) -> Result<void> {
    const auto parsed = parse_verdict(text);
    if (!parsed) return fail(parsed.error());
    arguments->verdict = *parsed;
    return {};
  };
  Command command;
  command.name = "finalize";
  command.summary = "Put the final verdict into a sidecar";
  command.description =
      "Changes the four verdict bits and no other byte. A failure that ends as a pass or a skip is "
      "marked as expected. The same verdict again changes nothing; another is refused once a "
      "failure "
      "was expected, since the raw verdict is gone.";
  command.options = {
      {"--verdict", "V", "The final verdict", verdict, {"pass", "fail", "skip", "inconclusive"}},
      {"--force", "", "Even if the verdict was inverted before", &arguments->force},
      {"--if-exists", "", "Done where there is no such file", &arguments->if_exists}};
  command.options.front().required = true;
  command.positionals = {{"PATH", "The sidecar", &arguments->path, true}};
  command.run = [&context, arguments] { return run_finalize(context, *arguments); };
  return command;
}

Command make_suppress_dumps_command(const Context& context) {
  auto arguments = std::make_shared<SuppressArguments>();
  Command command;
  command.name = "suppress-dumps";
  command.summary = "Delete the failure dumps of a variant that passed without a sidecar";
  command.positionals = {{"TEST", "The test's name", &arguments->test, true},
                         {"HASH", "The variant's hash, 16 hex digits", &arguments->hash, true}};
  command.run = [&context, arguments] { return run_suppress(context, *arguments); };
  return command;
}

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
