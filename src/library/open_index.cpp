// SPDX-License-Identifier: MIT
#include "library/open_index.hpp"

#include <algorithm>
#include <filesystem>

#include "archive/archive.hpp"
#include "database/connection.hpp"
#include "environment/places.hpp"
#include "ktstr/result.hpp"
#include "library/archive_access.hpp"
#include "operations/gc.hpp"
#include "query/pool_values.hpp"

namespace ktstr {
namespace {

constexpr const char* k_memory_only = ":memory:";

// Of directories that can't be listed.
constexpr std::size_t k_most_named = 10;

CatalogOptions catalog_options(const OpenIndexOptions& options, const IndexPaths& paths) {
  CatalogOptions catalog;
  catalog.root = paths.root.path;
  catalog.location.path = paths.catalog.path;
  catalog.location.is_in_root = paths.catalog.path == default_catalog_path(paths.root.path);
  catalog.location.is_named =
      !is_indexers_place(options.variables, paths.root.path, paths.catalog.path);
  if (auto cached = cached_catalog_path(options.variables, paths.root.path)) {
    catalog.location.others.push_back(*cached);
  }
  catalog.location.others.emplace_back(k_memory_only);
  return catalog;
}

std::string working_directory() {
  std::error_code error;
  return std::filesystem::current_path(error).string();
}

/// The archive that may be looked at; none for another's pool, whose results are never in it.
ArchiveChoice archive_to_read(const OpenIndexOptions& options) {
  if (options.is_foreign) return {std::nullopt, "a pool that is only looked at"};
  return archive_choice(options.archive, options.variables);
}

/// Where a root stood, by the archive: below the nearest directory upward that had one. Else where
/// it would be.
std::string lost_root(const OpenIndexOptions& options) {
  const ArchiveChoice choice = archive_to_read(options);
  const std::string here = working_directory();
  const auto found = guarded(choice.path.value_or(""), [&]() -> Result<std::string> {
    if (!choice.path) return fail(ErrorCode::not_found, "");
    const auto archive = open_archive_to_read(*choice.path);
    if (!archive) return fail(archive.error());
    SQLite::Statement select(**archive, "SELECT 1 FROM runs_root WHERE path = ? AND origin = ''");
    for (std::filesystem::path at = here; at.has_relative_path(); at = at.parent_path()) {
      const std::string root = (at / "target/ktstr").string();
      select.reset();
      select.bind(1, root);
      if (select.executeStep()) return root;
    }
    return fail(ErrorCode::not_found, "");
  });
  return found.value_or(here + "/target/ktstr");
}

/// Outside its root.
FoundPath foreign_catalog_path(const OpenIndexOptions& options, const std::string& root) {
  if (options.catalog) return {*options.catalog, "--catalog"};
  if (auto cached = cached_catalog_path(options.variables, root)) {
    return {std::move(*cached), "a pool that is only looked at"};
  }
  return {k_memory_only, "no cache directory"};
}

/// No room, no right, a disk that fails: the catalog can be read, but what is new has no place.
bool cant_store(const Error& error, const std::string& catalog) {
  return error.path == catalog &&
         (error.code == ErrorCode::io || error.code == ErrorCode::permission);
}

}  // namespace

Result<void> check_root(const std::string& root, const OpenIndexOptions& options) {
  const auto status = options.file_system->status(root, FollowLinks::yes);
  if (!status) {
    return fail(no_runs_root(status.error(), root, options.is_foreign ? "--dir" : "--root"));
  }
  if (status->kind != FileKind::directory) {
    return fail(ErrorCode::io, "the runs root is not a directory", root);
  }
  return {};
}

Result<IndexPaths> find_paths(const OpenIndexOptions& options) {
  auto root =
      find_runs_root(options.root, options.variables, working_directory(), *options.file_system);
  const bool is_lost = !root && root.error().code == ErrorCode::not_found && options.may_be_missing;
  if (is_lost) root = FoundPath{lost_root(options), "the archive"};
  if (!root) return fail(std::move(root.error()));
  root->path = canonical_path(root->path);
  FoundPath catalog = options.is_foreign
                          ? foreign_catalog_path(options, root->path)
                          : catalog_path(options.catalog, options.variables, root->path);
  return IndexPaths{std::move(*root), std::move(catalog)};
}

OpenIndex::OpenIndex(OpenIndexOptions options, IndexPaths paths, Catalog catalog)
    : options_(std::move(options)),
      paths_(std::move(paths)),
      catalog_(std::move(catalog)),
      warnings_(catalog_.warnings().begin(), catalog_.warnings().end()),
      catalog_warnings_(warnings_.size()) {}

Result<OpenIndex> OpenIndex::open(const OpenIndexOptions& options) {
  auto paths = find_paths(options);
  if (!paths) return fail(std::move(paths.error()));
  if (auto there = check_root(paths->root.path, options); !there) {
    const bool is_missing = there.error().code == ErrorCode::not_found;
    if (is_missing && options.may_be_missing) return open_without_root(options, std::move(*paths));
    return fail(std::move(there.error()));
  }
  auto catalog =
      Catalog::open(catalog_options(options, *paths), *options.file_system, *options.clock);
  if (!catalog) return fail(std::move(catalog.error()));
  return OpenIndex(options, std::move(*paths), std::move(*catalog));
}

Result<OpenIndex> OpenIndex::open_without_root(const OpenIndexOptions& options, IndexPaths paths) {
  CatalogOptions catalog;
  catalog.root = paths.root.path;
  catalog.location.path = k_memory_only;
  auto opened = Catalog::open(catalog, *options.file_system, *options.clock);
  if (!opened) return fail(std::move(opened.error()));
  OpenIndex index(options, std::move(paths), std::move(*opened));
  index.has_root_ = false;
  return index;
}

bool OpenIndex::has_archive() const {
  const ArchiveChoice choice = archive_to_read(options_);
  return choice.path && options_.file_system->status(*choice.path, FollowLinks::yes).has_value();
}

Result<std::string> OpenIndex::attach_archive() {
  const ArchiveChoice choice = archive_to_read(options_);
  std::string why =
      "nothing is archived here: " + choice.from + " (--archive FILE names an archive)";
  if (choice.path) {
    auto attached = attach_past(database(), *choice.path);
    if (attached) return std::string();
    if (attached.error().code != ErrorCode::not_found) return fail(std::move(attached.error()));
    why = "there is no archive yet at " + *choice.path + "; ktstr-index refresh makes it";
  }
  if (auto empty = attach_empty_past(database()); !empty) return fail(std::move(empty.error()));
  return why;
}

PastScope OpenIndex::past_scope(bool all_projects) {
  auto filed = scope_of_root(database(), paths_.root.path);
  // A new checkout of a project shares its past.
  PastScope scope;
  if (filed) {
    scope = std::move(*filed);
  } else {
    auto key = project_key(paths_.root.path);
    if (!key) {
      warnings_.emplace_back("the past of other checkouts is left out: " + key.error().text());
      note_partial();
    }
    scope.project = key ? std::move(*key) : path_key(paths_.root.path);
  }
  // The usual archive has one project, and a filter costs each row something.
  SQLite::Statement others(database(),
                           "SELECT EXISTS (SELECT 1 FROM past.runs_root WHERE project <> ?)");
  others.bind(1, *scope.project);
  const bool has_others = others.executeStep() && others.getColumn(0).getInt() != 0;
  if (all_projects || !has_others) scope.project.reset();
  return scope;
}

Result<std::string> OpenIndex::look_over(const OverChoice& choice) {
  std::string why;
  if (!is_past_attached(database())) {
    catalog_.set_busy_timeout_ms(options_.query_wait_ms);
    auto attached = attach_archive();
    // Who asks for the past and has none is not told that nothing is in it.
    if (!attached || (!attached->empty() && choice.over != Over::now)) note_partial();
    if (!attached) return attached;
    why = std::move(*attached);
  }
  return guarded(past_path(database()), [&]() -> Result<std::string> {
    const PastScope scope = past_scope(choice.all_projects);
    if (auto made = make_over_views(database(), choice.over, scope); !made) {
      return fail(std::move(made.error()));
    }
    return why;
  });
}

Result<PackedDocument> OpenIndex::kept_document(const std::string& id) {
  const std::string path = past_path(database());
  return guarded(path, [&]() -> Result<PackedDocument> {
    if (path.empty()) return fail(ErrorCode::not_found, "there is no archive that has its bytes");
    // Only the archive has tables of these names, so they needn't say past.
    if (auto document = ArchiveTables(database()).document(id)) return std::move(*document);
    SQLite::Statement known(database(), "SELECT 1 FROM past.document WHERE id = ?");
    known.bind(1, id);
    if (!known.executeStep()) {
      return fail(ErrorCode::not_found, "the archive doesn't have its bytes", path);
    }
    return fail(ErrorCode::not_found,
                "its bytes are no longer kept: gc or purge has dropped them, what was read from "
                "them stays",
                path);
  });
}

Result<RefreshReport> OpenIndex::refresh_catalog(const RefreshOptions& options) {
  auto report = catalog_.refresh(*options_.file_system, *options_.clock, options);
  // Damage may show only now, and a rebuilt catalog is something to be told.
  const std::vector<std::string>& all = catalog_.warnings();
  for (; catalog_warnings_ < all.size(); ++catalog_warnings_) {
    warnings_.emplace_back(all[catalog_warnings_]);
  }
  return report;
}

Result<RefreshReport> OpenIndex::refresh(const RefreshOptions& options) {
  catalog_.set_busy_timeout_ms(options_.refresh_wait_ms);
  auto report = refresh_catalog(options);
  if (report) catalog_.copy_log();  // somebody has asked for it, and may copy the file next
  return report;
}

Result<void> OpenIndex::make_fresh(CheckLevel level) {
  is_stale_ = false;
  if (level == CheckLevel::none && catalog_.was_emptied()) level = CheckLevel::dirs;
  is_partial_ = false;
  if (!has_root_) return {};
  if (level == CheckLevel::none) {
    is_partial_ = !catalog_.is_complete();
    if (is_partial_) {
      warnings_.emplace_back(
          "no refresh has looked at everything yet, so rows may be missing; ktstr-index refresh");
    }
    return {};
  }
  catalog_.set_busy_timeout_ms(options_.query_wait_ms);
  RefreshOptions refresh;
  refresh.level = level;
  refresh.limits = options_.limits;
  auto report = refresh_catalog(refresh);
  if (!report && cant_store(report.error(), catalog_.path()) && !catalog_.is_complete()) {
    report = refresh_in_memory(report.error(), refresh);
  }
  if (!report) return answer_from_before(report.error());
  note_unseen(*report);
  return {};
}

/// Half of the rows would be an answer that looks whole.
Result<RefreshReport> OpenIndex::refresh_in_memory(const Error& why,
                                                   const RefreshOptions& options) {
  CatalogOptions catalog;
  catalog.root = paths_.root.path;
  catalog.location.path = k_memory_only;
  auto opened = Catalog::open(catalog, *options_.file_system, *options_.clock);
  if (!opened) return fail(std::move(opened.error()));
  warnings_.emplace_back("can't write " + why.text() + "; using memory only");
  catalog_ = std::move(*opened);
  catalog_warnings_ = 0;
  return refresh_catalog(options);
}

Result<void> OpenIndex::answer_from_before(const Error& why) {
  const bool is_catalogs = why.path == catalog_.path();
  if (is_catalogs && why.code == ErrorCode::busy) {
    warnings_.emplace_back("another process is writing; this answer is from before its changes");
  } else if (cant_store(why, catalog_.path())) {
    warnings_.emplace_back("can't write " + why.text() +
                           "; this answer is from before the last changes");
  } else if (why.code == ErrorCode::busy && catalog_.is_complete()) {
    warnings_.emplace_back("can't look for changes (" + why.text() +
                           "); this answer is from before them");
  } else {
    return fail(why);
  }
  is_stale_ = true;
  return {};
}

void OpenIndex::note_unseen(const RefreshReport& report) {
  const auto& unlisted = report.unreadable_directories;
  for (std::size_t i = 0; i < unlisted.size() && i < k_most_named; ++i) {
    warnings_.emplace_back("can't list " + unlisted[i].text() + "; its results are as last seen");
  }
  if (unlisted.size() > k_most_named) {
    warnings_.emplace_back("can't list " + std::to_string(unlisted.size() - k_most_named) +
                           " more directories; their results are as last seen");
  }
  const std::vector<Error>& files = report.not_looked_at;
  if (!files.empty()) {
    const std::string more =
        files.size() == 1 ? "" : " and " + std::to_string(files.size() - 1) + " more files";
    warnings_.emplace_back("can't look at " + files.front().text() + more +
                           "; they are as last seen, or missing");
  }
  is_stale_ = !files.empty() ||
              std::any_of(unlisted.begin(), unlisted.end(),
                          [](const Error& error) { return error.code == ErrorCode::busy; });
  is_partial_ = !unlisted.empty() ||
                // May be any result. A corrupt one was read, and is none.
                report.status.at("unreadable") > 0;
}

// The refresh of an OpenIndex that keeps evidence.

Result<KeptRefresh> OpenIndex::refresh_and_keep(const RefreshOptions& options,
                                                const KeepOptions& keep) {
  KeptRefresh done;
  const ArchiveChoice choice = archive_choice(options_.archive, options_.variables);
  if (!choice.path || options_.is_foreign) {
    done.why_not = options_.is_foreign ? "a pool that is only looked at" : choice.from;
    auto report = refresh(options);
    if (!report) return fail(std::move(report.error()));
    done.refresh = std::move(*report);
    return done;
  }
  ArchiveOptions archive;
  archive.path = *choice.path;
  archive.is_named = choice.is_named;
  archive.check_integrity = true;
  KeeperOptions keeper_options;
  keeper_options.root = paths_.root.path;
  keeper_options.labels = keep.labels;
  keeper_options.session = keep.session;
  keeper_options.with_traces = keep.with_traces;
  keeper_options.most_file_bytes = options_.limits.max_file_bytes;
  ArchiveKeeper keeper(archive, keeper_options, *options_.file_system, *options_.clock);
  keeper.keep_spools(keep.spools);
  RefreshOptions observed = options;
  observed.observer = &keeper;
  auto report = refresh(observed);
  if (!report) return fail(std::move(report.error()));
  done.refresh = std::move(*report);
  done.kept = keeper.finish(catalog_.database());
  done.archive_path = *choice.path;
  warn_of(keeper, *done.kept);
  if (!keep.labels.empty() && !keep.session) {
    warnings_.emplace_back("labelled " + std::to_string(done.kept->results) +
                           " results that are new to the archive; those that it had keep theirs");
  }
  if (keeper.archive() != nullptr) keep_below_cap(*keeper.archive());
  return done;
}

void OpenIndex::warn_of(ArchiveKeeper& keeper, const KeepReport& report) {
  if (const Archive* const archive = keeper.archive()) {
    if (archive->is_new()) warnings_.emplace_back(archive_announcement(archive->path()));
    // Not with each of a capturing service's refreshes.
    static OnceGate gate;
    const std::string exposure = archive_exposure(archive->path(), archive->is_named());
    if (!exposure.empty() && gate.enter()) warnings_.emplace_back(exposure);
    const auto& more = archive->warnings();
    warnings_.insert(warnings_.end(), more.begin(), more.end());
  }
  if (report.synthetic > 0) {
    warnings_.emplace_back(std::to_string(report.synthetic) +
                           " results of the sample generator are not archived (name an --archive "
                           "for them)");
  }
  for (const Error& stranger : report.left_alone) {
    // The catalog may have met the same link, and has said so.
    const auto& said = catalog_.warnings();
    const bool is_known = std::any_of(said.begin(), said.end(), [&](const std::string& warning) {
      return warning.find(stranger.path + ": ") != std::string::npos;
    });
    if (!is_known) warnings_.emplace_back(stranger.text());
  }
  if (report.not_taken > 0) {
    // What a refresh didn't get in, it tries again when it catches up.
    warnings_.emplace_back(std::to_string(report.not_taken) +
                           " results or dumps could not be archived: " + report.refusal->text());
  }
  if (report.failure) {
    warnings_.emplace_back("not everything could be archived: " + report.failure->text() +
                           "; the next refresh tries again");
  }
}

void OpenIndex::keep_below_cap(Archive& archive) {
  auto cap_bytes = archive_cap_bytes(options_.variables);
  if (!cap_bytes) {
    warnings_.emplace_back(cap_bytes.error().text());
    cap_bytes = k_default_archive_cap_bytes;
  }
  const std::size_t said = archive.warnings().size();
  const auto dropped = with_mending(archive, *options_.file_system, *options_.clock, [&] {
    return enforce_archive_cap(archive, *cap_bytes, *options_.clock);
  });
  const auto& all = archive.warnings();
  warnings_.insert(warnings_.end(), all.begin() + static_cast<std::ptrdiff_t>(said), all.end());
  const std::string sentence = dropped ? cap_sentence(*dropped, *cap_bytes)
                                       : "the archive is over its cap: " + dropped.error().text();
  if (!sentence.empty()) warnings_.emplace_back(sentence);
}

}  // namespace ktstr
