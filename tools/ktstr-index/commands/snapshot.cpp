// SPDX-License-Identifier: MIT
#include <memory>

#include "commands/commands.hpp"
#include "library/archive_access.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

struct SnapshotFlags {
  std::string file;
  std::string over = "now";
  bool force = false;
};

int print_snapshot(const Context& context, const SnapshotFlags& flags, std::int64_t size_bytes) {
  JsonObject document;
  document.add("path", flags.file).add("over", flags.over).add("size_bytes", size_bytes);
  return context.print_document(
      document, {{"path", flags.file},
                 {"over", flags.over},
                 {"size", human_number(static_cast<double>(size_bytes), Quantity::bytes)}});
}

int write(const Context& context, const SnapshotFlags& flags, SQLite::Database& database) {
  const auto size = write_snapshot(database, flags.file, flags.force);
  return size ? print_snapshot(context, flags, *size) : context.failed(size.error());
}

int run(const Context& context, const SnapshotFlags& flags) {
  if (context.is_in()) {
    return context.failed({ErrorCode::usage,
                           "snapshot works on this machine's stores, not on --in",
                           {},
                           "import it first, into an --archive of its own"});
  }
  if (flags.over == "past") {
    const auto archive = open_chosen_archive(context.index_options());
    return archive ? write(context, flags, **archive) : context.failed(archive.error());
  }
  auto session = context.open(CheckLevel::files);
  return session ? write(context, flags, session->database()) : context.failed(session.error());
}

}  // namespace

Command make_snapshot_command(const Context& context) {
  auto flags = std::make_shared<SnapshotFlags>();
  Command command;
  command.name = "snapshot";
  command.group = "Stores";
  command.summary = "The catalog or the archive as one plain SQLite file";
  command.description =
      "For other tools: FILE needs no log beside it, and the stock sqlite3 opens it. The catalog "
      "is brought in line with the files first. FILE is readable for its owner only (mode 0600), "
      "since an archive's records say much about a host.";
  command.examples = {{"ktstr-index snapshot results.sqlite3", "what is on disk now"},
                      {"ktstr-index snapshot --over past all.sqlite3", "everything that was seen"}};
  command.positionals = {{"FILE", "Where to; not over a file that is there", &flags->file, true}};
  command.options = {
      {"--over", "WHICH", "now: the catalog; past: the archive", &flags->over, {"now", "past"}},
      {"--force", "", "Replace FILE", &flags->force},
  };
  command.run = [&context, flags] { return run(context, *flags); };
  return command;
}

}  // namespace ktstr
