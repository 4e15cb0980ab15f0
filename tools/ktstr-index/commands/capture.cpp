// SPDX-License-Identifier: MIT
#include <memory>

#include "capturing.hpp"
#include "commands/commands.hpp"
#include "context.hpp"

namespace ktstr {
namespace {

struct CaptureArguments {
  std::vector<std::string> roots;
  KeepOptions keep;
};

std::string start_text(const CaptureServiceOptions& options) {
  std::string where = options.roots.front();
  const std::size_t more = options.roots.size() - 1;
  if (more > 0) {
    where +=
        " and " + std::to_string(more) + (more == 1 ? " other runs root" : " other runs roots");
  }
  return "capturing below " + where + " into " + options.archive +
         "; Ctrl-C or SIGTERM ends it, nothing is lost";
}

Result<CaptureServiceOptions> plan(const Context& context, const CaptureArguments& arguments) {
  const ArchiveChoice archive = chosen_archive_of(context);
  if (!archive.path) {
    return fail(Error{ErrorCode::usage, "there is nowhere to keep results: " + archive.from, "",
                      "--archive FILE names an archive"});
  }
  const OpenIndexOptions session = context.index_options();
  auto roots = roots_to_capture(session, arguments.roots, *archive.path);
  if (!roots) return fail(std::move(roots.error()));
  const bool are_named = !arguments.roots.empty() || session.root;
  if (are_named && session.catalog && roots->size() > 1) {
    return fail(ErrorCode::usage, "--catalog is for one runs root");
  }
  return CaptureServiceOptions{std::move(*roots), !are_named, *archive.path, arguments.keep};
}

int run(const Context& context, const CaptureArguments& arguments) {
  auto options = plan(context, arguments);
  if (!options) return context.failed(options.error());
  const std::string text = start_text(*options);
  const std::vector<std::string> roots = options->roots;
  // What was captured up to then is archived, which takes longer than a person would wait.
  StopRequest stop(std::chrono::seconds(10));
  CaptureService service(context, std::move(*options));
  if (const auto started = service.start(); !started) return context.failed(started.error());
  context.note(text);
  for (const std::string& root : roots) {
    if (context.is_verbose() && roots.size() > 1) context.note("capturing below " + root);
  }
  service.serve(stop);
  return k_signalled + stop.signal();
}

}  // namespace

Command make_capture_command(const Context& context) {
  auto arguments = std::make_shared<CaptureArguments>();
  Command command;
  command.name = "capture";
  command.group = "Stores";
  command.summary = "Archive results while other programs write and replace them";
  command.description =
      "For test runs that `run` doesn't start. Stays in the foreground and keeps each version of a "
      "result or failure dump that appears below the given runs roots, or else below the one that "
      "is found here and all those that the archive knows. It is archived in the pauses, a few "
      "seconds later. SIGINT and SIGTERM end it (status 130, 143) after all is archived; what a "
      "kill leaves behind is archived by the next refresh.";
  command.examples = {
      {"ktstr-index capture", "this project's results, and those of all that are known"},
      {"ktstr-index capture -v target/ktstr", "one runs root, with a line for each file"}};
  command.options = {
      {"--label", "KEY=VALUE", "Say this of results that are new to the archive (repeatable)",
       parse_label_into(arguments->keep.labels)},
      {"--traces", "", "Archive wprof traces, too", &arguments->keep.with_traces},
  };
  command.positionals = {{"ROOT", "The runs roots, if not all that are known", &arguments->roots}};
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
