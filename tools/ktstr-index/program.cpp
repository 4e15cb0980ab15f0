// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <algorithm>
#include <string_view>

#include "command_line.hpp"
#include "commands/commands.hpp"

namespace ktstr {
namespace {

struct CommandMaker {
  std::string_view name;
  Command (*make)(const Context&);
};
// In the order of help.
constexpr CommandMaker k_commands[] = {
    {"query", make_query_command},
    {"list", make_list_command},
    {"show", make_show_command},
    {"last-run", make_last_run_command},
    {"list-values", make_list_values_command},
    {"list-metrics", make_list_metrics_command},
    {"show-host", make_show_host_command},
    {"explain-sidecar", make_explain_sidecar_command},
    {"replay", make_replay_command},
    {"sql", make_sql_command},
    {"footer", make_footer_command},
    {"run", make_run_command},
    {"capture", make_capture_command},
    {"refresh", make_refresh_command},
    {"verify", make_verify_command},
    {"info", make_info_command},
    {"paths", make_paths_command},
    {"restore", make_restore_command},
    {"snapshot", make_snapshot_command},
    {"gc", make_gc_command},
    {"purge", make_purge_command},
    {"import", make_import_command},
    {"pack", make_pack_command},
    {"harness", make_harness_command},
};

Program program_without_commands(Context& context) {
  Program program;
  program.version = KTSTR_VERSION;
  program.common = context.common_options();
  program.check = [&context] { return context.check_options(); };
  program.root.name = "ktstr-index";
  program.root.summary = "An index over the results of ktstr, the harness for Linux schedulers";
  program.root.description =
      "Mirrors each result sidecar of a runs root into an SQLite catalog and answers questions "
      "from it. The files stay the truth; the catalog can be deleted at any time.";
  program.root.examples = {
      {"ktstr-index list", "the run directories, newest first"},
      {"ktstr-index query \"verdict='fail' and scheduler='scx_lavd'\"", "what fails under lavd"},
      {"ktstr-index query --group-by scheduler,verdict", "how each scheduler is doing"},
  };
  return program;
}

}  // namespace

Program make_program(Context& context, const std::vector<std::string>& arguments) {
  Program program = program_without_commands(context);
  for (const CommandMaker& maker : k_commands) {
    if (std::find(arguments.begin(), arguments.end(), maker.name) != arguments.end()) {
      program.root.subcommands.push_back(maker.make(context));
    }
  }
  return program;
}

Program make_whole_program(Context& context) {
  Program program = program_without_commands(context);
  for (const CommandMaker& maker : k_commands) {
    program.root.subcommands.push_back(maker.make(context));
  }
  return program;
}

int run_program(int argc, const char* const* argv) {
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  {
    Context context;
    const Program part = make_program(context, arguments);
    const CommandLine line = parse_command_line(part, arguments);
    if (line.command != nullptr) return line.command->run();
  }
  Context context;
  return run_command_line(make_whole_program(context), argc, argv);
}

}  // namespace ktstr
