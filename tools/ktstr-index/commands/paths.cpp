// SPDX-License-Identifier: MIT
#include "commands/commands.hpp"

namespace ktstr {
namespace {

JsonObject found(const FoundPath& path) {
  JsonObject object;
  object.add("path", path.path).add("from", path.from);
  return object;
}

int run(const Context& context) {
  const auto paths = find_paths(context.session_options());
  if (!paths) return context.failed(paths.error());
  JsonObject document;
  document.add("runs_root", found(paths->root)).add("catalog", found(paths->catalog));
  return context.print_document(
      document, {{"runs root", paths->root.path + "  (" + paths->root.from + ")"},
                 {"catalog", paths->catalog.path + "  (" + paths->catalog.from + ")"}});
}

}  // namespace

Command make_paths_command(const Context& context) {
  Command command;
  command.name = "paths";
  command.group = "Stores";
  command.summary = "Where things are, and what says so";
  command.examples = {{"ktstr-index paths --format json", "for a script"}};
  command.run = [&context] { return run(context); };
  return command;
}

}  // namespace ktstr
