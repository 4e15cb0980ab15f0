// SPDX-License-Identifier: MIT
#include <csignal>

#include "command_line.hpp"
#include "commands/commands.hpp"

namespace {

ktstr::Program make_program(ktstr::Context& context) {
  ktstr::Program program;
  program.version = KTSTR_VERSION;
  program.common = context.common_options();
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
  program.root.subcommands = {
      ktstr::make_query_command(context),       ktstr::make_list_command(context),
      ktstr::make_show_command(context),        ktstr::make_last_run_command(context),
      ktstr::make_list_values_command(context), ktstr::make_list_metrics_command(context),
      ktstr::make_show_host_command(context),   ktstr::make_explain_sidecar_command(context),
      ktstr::make_replay_command(context),      ktstr::make_sql_command(context),
      ktstr::make_footer_command(context),      ktstr::make_run_command(context),
      ktstr::make_capture_command(context),     ktstr::make_refresh_command(context),
      ktstr::make_verify_command(context),      ktstr::make_info_command(context),
      ktstr::make_paths_command(context),       ktstr::make_restore_command(context),
      ktstr::make_snapshot_command(context),    ktstr::make_gc_command(context),
      ktstr::make_purge_command(context),       ktstr::make_import_command(context),
      ktstr::make_pack_command(context),        ktstr::make_harness_command(context),
  };
  return program;
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that goes away ("| head") shows as a failed write, which the output handles.
  std::signal(SIGPIPE, SIG_IGN);
  ktstr::Context context;
  const ktstr::Program program = make_program(context);
  return ktstr::run_command_line(program, argc, argv);
}
