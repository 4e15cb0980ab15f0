// SPDX-License-Identifier: MIT
#include "base/time_text.hpp"
#include "catalog/schema.hpp"
#include "catalog/summary.hpp"
#include "commands/commands.hpp"

namespace ktstr {
namespace {

std::vector<Fact> to_facts(const CatalogSummary& summary, const Session& session) {
  const auto count = [&](const char* status) {
    return std::to_string(summary.status.at(status)) + " " + status;
  };
  return {
      {"version", KTSTR_VERSION},
      {"catalog", session.catalog_path()},
      {"layout", std::to_string(layout_version(Store::catalog)) + ", extraction " +
                     std::to_string(k_extraction_version)},
      {"root", session.paths().root.path + "  (" + session.paths().root.from + ")"},
      {"files",
       count("ok") + ", " + count("drift") + ", " + count("corrupt") + ", " + count("unreadable")},
      {"run directories", std::to_string(summary.run_dirs)},
      {"catalog size", std::to_string(summary.catalog_bytes) + " bytes for " +
                           std::to_string(summary.file_bytes) + " bytes of files"},
      {"last refresh",
       summary.last_refresh_ns ? iso8601_utc(*summary.last_refresh_ns) : std::string("never")},
      {"unsettled", std::to_string(summary.unsettled) +
                        (summary.oldest_unsettled_ns
                             ? ", the oldest of " + iso8601_utc(*summary.oldest_unsettled_ns)
                             : std::string())},
  };
}

JsonObject to_document(const CatalogSummary& summary, const Session& session) {
  JsonObject status;
  for (const auto& [name, count] : summary.status) status.add(name, count);
  JsonObject document;
  document.add("version", KTSTR_VERSION)
      .add("layout_version", layout_version(Store::catalog))
      .add("extraction_version", k_extraction_version)
      .add("root", session.paths().root.path)
      .add("catalog", session.catalog_path())
      .add("archive", nullptr)
      .add("status", std::move(status))
      .add("run_dirs", summary.run_dirs)
      .add("catalog_bytes", summary.catalog_bytes)
      .add("file_bytes", summary.file_bytes)
      .add("last_refresh_ns", summary.last_refresh_ns)
      .add("unsettled", summary.unsettled)
      .add("oldest_unsettled_ns", summary.oldest_unsettled_ns);
  return document;
}

int run(const Context& context) {
  // The catalog as it stands, unless --check asks for a look.
  auto session = context.open(CheckLevel::none);
  if (!session) return context.failed(session.error());
  const auto summary = summarize(session->database());
  if (!summary) return context.failed(summary.error());
  return context.print_document(to_document(*summary, *session), to_facts(*summary, *session));
}

}  // namespace

Command make_info_command(const Context& context) {
  Command command;
  command.name = "info";
  command.group = "Stores";
  command.summary = "Versions, sizes and counts of the catalog";
  command.run = [&context] { return run(context); };
  return command;
}

}  // namespace ktstr
