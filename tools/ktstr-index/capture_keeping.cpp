// SPDX-License-Identifier: MIT
#include "capture_keeping.hpp"

namespace ktstr {

ArchiveChoice chosen_archive_of(const Context& context) {
  const SessionOptions options = context.session_options();
  return archive_choice(options.archive, options.variables);
}

void keep_results(const Context& context, const SessionOptions& options, const KeepOptions& keep,
                  const std::function<bool()>& should_stop) {
  if (!options.file_system->status(*options.root, FollowLinks::yes)) return;
  auto session = Session::open(options);
  if (!session) return;
  RefreshOptions refresh;
  refresh.level = context.check_or(CheckLevel::files);
  refresh.limits = context.limits();
  refresh.should_stop = should_stop;
  const auto done = session->refresh_and_keep(refresh, keep);
  for (const std::string& warning : session->take_warnings()) context.note(warning);
  if (!done && done.error().code != ErrorCode::interrupted) {
    context.note("what is below " + *options.root +
                 " could not be archived: " + done.error().text() + "; a refresh tries again");
  }
}

std::vector<std::string> spools_of(const CaptureRootReport& report) {
  if (!report.spool) return {};
  return {report.spool->path()};
}

}  // namespace ktstr
