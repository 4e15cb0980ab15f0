// SPDX-License-Identifier: MIT
#include <memory>

#include "commands/harness.hpp"
#include "ktstr/writer.hpp"

namespace ktstr {
namespace {

struct FinalizeArguments {
  std::string path;
  Verdict verdict = Verdict::pass;
  bool force = false;
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
  WriterOptions options = writer_options(context);
  options.refuse_second_inversion = !arguments.force;
  const auto outcome = finalize_sidecar(arguments.path, arguments.verdict, options);
  if (!outcome) return context.failed(outcome.error());
  const bool changed = *outcome == FinalizeOutcome::rewritten;
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
      "marked as expected. Not to be done twice: the second time can't know the raw verdict.";
  command.options = {
      {"--verdict", "V", "The final verdict", verdict, {"pass", "fail", "skip", "inconclusive"}},
      {"--force", "", "Even if the verdict was inverted before", &arguments->force}};
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

}  // namespace ktstr
