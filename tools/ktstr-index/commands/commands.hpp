// SPDX-License-Identifier: MIT
#pragma once

#include "context.hpp"
#include "options.hpp"

namespace ktstr {

// One file per command. Each gives its description; the context must outlive it.
[[nodiscard]] Command make_run_command(const Context& context);
[[nodiscard]] Command make_capture_command(const Context& context);
[[nodiscard]] Command make_refresh_command(const Context& context);
[[nodiscard]] Command make_query_command(const Context& context);
[[nodiscard]] Command make_sql_command(const Context& context);
[[nodiscard]] Command make_list_command(const Context& context);
[[nodiscard]] Command make_last_run_command(const Context& context);
[[nodiscard]] Command make_list_values_command(const Context& context);
[[nodiscard]] Command make_list_metrics_command(const Context& context);
[[nodiscard]] Command make_show_host_command(const Context& context);
[[nodiscard]] Command make_explain_sidecar_command(const Context& context);
[[nodiscard]] Command make_replay_command(const Context& context);
[[nodiscard]] Command make_show_command(const Context& context);
[[nodiscard]] Command make_verify_command(const Context& context);
[[nodiscard]] Command make_info_command(const Context& context);
[[nodiscard]] Command make_paths_command(const Context& context);
[[nodiscard]] Command make_footer_command(const Context& context);
[[nodiscard]] Command make_restore_command(const Context& context);
[[nodiscard]] Command make_snapshot_command(const Context& context);
[[nodiscard]] Command make_import_command(const Context& context);
[[nodiscard]] Command make_pack_command(const Context& context);
[[nodiscard]] Command make_gc_command(const Context& context);
[[nodiscard]] Command make_purge_command(const Context& context);
[[nodiscard]] Command make_harness_command(const Context& context);

}  // namespace ktstr
