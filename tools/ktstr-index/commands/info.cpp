// SPDX-License-Identifier: MIT
#include "archive/archive.hpp"
#include "archive/space.hpp"
#include "base/time_text.hpp"
#include "catalog/summary.hpp"
#include "commands/commands.hpp"
#include "database/schema.hpp"

namespace ktstr {
namespace {

/// What there is to say of the archive without making one.
struct ArchiveFacts {
  std::optional<std::string> path;  ///< none: it is off
  std::string remark;               ///< why it is off, or can't be looked into
  std::optional<ArchiveSummary> summary;
};

ArchiveFacts archive_facts(const Context& context) {
  const OpenIndexOptions options = context.index_options();
  const ArchiveChoice choice = archive_choice(options.archive, options.variables);
  ArchiveFacts facts{choice.path, choice.from, std::nullopt};
  if (!choice.path) return facts;
  const auto archive = open_archive_to_read(*choice.path);
  if (!archive) {
    const bool is_missing = archive.error().code == ErrorCode::not_found;
    facts.remark = is_missing ? "not made yet" : archive.error().message;
    return facts;
  }
  if (auto summary = summarize_archive(**archive)) facts.summary = *summary;
  const std::string exposure = archive_exposure(*choice.path, choice.is_named);
  if (!exposure.empty()) context.note(exposure);
  return facts;
}

std::string archive_text(const ArchiveFacts& facts) {
  if (!facts.path) return "off (" + facts.remark + ")";
  if (!facts.summary) return *facts.path + "  (" + facts.remark + ")";
  const ArchiveSummary& summary = *facts.summary;
  return *facts.path + "  (" + std::to_string(summary.results) + " results, " +
         std::to_string(summary.dumps) + " dumps, " + std::to_string(summary.document_bytes) +
         " bytes of documents in " + std::to_string(summary.file_bytes) + ")";
}

std::vector<Fact> to_facts(const CatalogSummary& summary, const OpenIndex& index,
                           const ArchiveFacts& archive) {
  const auto count = [&](const char* status) {
    return std::to_string(summary.status.at(status)) + " " + status;
  };
  return {
      {"version", KTSTR_VERSION},
      {"catalog", index.catalog_path()},
      {"archive", archive_text(archive)},
      {"layout", std::to_string(layout_version(Store::catalog)) + ", extraction " +
                     std::to_string(k_extraction_version)},
      {"root", index.paths().root.path + "  (" + index.paths().root.from + ")"},
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

JsonValue to_json(const std::optional<ArchiveSummary>& summary) {
  if (!summary) return {};
  JsonObject object;
  object.add("file_bytes", summary->file_bytes)
      .add("document_bytes", summary->document_bytes)
      .add("results", summary->results)
      .add("dumps", summary->dumps)
      .add("dropped_documents", summary->dropped)
      .add("projects", summary->projects);
  return JsonValue(std::move(object));
}

JsonObject to_document(const CatalogSummary& summary, const OpenIndex& index,
                       const ArchiveFacts& archive) {
  JsonObject status;
  for (const auto& [name, count] : summary.status) status.add(name, count);
  JsonObject document;
  document.add("version", KTSTR_VERSION)
      .add("layout_version", layout_version(Store::catalog))
      .add("extraction_version", k_extraction_version)
      .add("root", index.paths().root.path)
      .add("catalog", index.catalog_path())
      .add("archive", archive.path ? JsonValue(*archive.path) : JsonValue())
      .add("archived", to_json(archive.summary))
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
  const ArchiveFacts archive = archive_facts(context);
  return context.print_document(to_document(*summary, *session, archive),
                                to_facts(*summary, *session, archive));
}

}  // namespace

Command make_info_command(const Context& context) {
  Command command;
  command.name = "info";
  command.group = "Stores";
  command.summary = "Versions, sizes and counts of the catalog and the archive";
  command.run = [&context] { return run(context); };
  return command;
}

}  // namespace ktstr
