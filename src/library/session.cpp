// SPDX-License-Identifier: MIT
#include "library/session.hpp"

#include <filesystem>

#include "catalog/connection.hpp"
#include "query/run_names.hpp"

namespace ktstr {
namespace {

constexpr const char* k_memory_only = ":memory:";

CatalogOptions catalog_options(const SessionOptions& options, const SessionPaths& paths) {
  CatalogOptions catalog;
  catalog.root = paths.root.path;
  catalog.location.path = paths.catalog.path;
  catalog.location.is_in_root = paths.catalog.path == default_catalog_path(paths.root.path);
  if (auto cached = cached_catalog_path(options.variables, paths.root.path)) {
    catalog.location.others.push_back(*cached);
  }
  catalog.location.others.emplace_back(k_memory_only);
  return catalog;
}

/// Outside its root.
FoundPath foreign_catalog_path(const SessionOptions& options, const std::string& root) {
  if (options.catalog) return {*options.catalog, "--catalog"};
  if (auto cached = cached_catalog_path(options.variables, root)) {
    return {std::move(*cached), "a pool that is only looked at"};
  }
  return {k_memory_only, "no cache directory"};
}

}  // namespace

Result<void> check_root(const std::string& root, const SessionOptions& options) {
  const auto status = options.file_system->status(root, FollowLinks::yes);
  if (!status) {
    return fail(no_runs_root(status.error(), root, options.is_foreign ? "--dir" : "--root"));
  }
  if (status->kind != FileKind::directory) {
    return fail(ErrorCode::io, "the runs root is not a directory", root);
  }
  return {};
}

Result<SessionPaths> find_paths(const SessionOptions& options) {
  std::error_code error;
  const std::string working_directory = std::filesystem::current_path(error).string();
  auto root =
      find_runs_root(options.root, options.variables, working_directory, *options.file_system);
  if (!root) return fail(std::move(root.error()));
  root->path = canonical_path(root->path);
  FoundPath catalog = options.is_foreign
                          ? foreign_catalog_path(options, root->path)
                          : catalog_path(options.catalog, options.variables, root->path);
  return SessionPaths{std::move(*root), std::move(catalog)};
}

Session::Session(SessionOptions options, SessionPaths paths, Catalog catalog)
    : options_(std::move(options)),
      paths_(std::move(paths)),
      catalog_(std::move(catalog)),
      warnings_(catalog_.warnings()),
      catalog_warnings_(warnings_.size()) {}

Result<Session> Session::open(const SessionOptions& options) {
  auto paths = find_paths(options);
  if (!paths) return fail(std::move(paths.error()));
  if (auto there = check_root(paths->root.path, options); !there) {
    return fail(std::move(there.error()));
  }
  auto catalog =
      Catalog::open(catalog_options(options, *paths), *options.file_system, *options.clock);
  if (!catalog) return fail(std::move(catalog.error()));
  return Session(options, std::move(*paths), std::move(*catalog));
}

Result<RefreshReport> Session::refresh_catalog(const RefreshOptions& options) {
  auto report = catalog_.refresh(*options_.file_system, *options_.clock, options);
  // Damage may show only now, and a rebuilt catalog is something to be told.
  const std::vector<std::string>& all = catalog_.warnings();
  for (; catalog_warnings_ < all.size(); ++catalog_warnings_) {
    warnings_.push_back(all[catalog_warnings_]);
  }
  return report;
}

Result<RefreshReport> Session::refresh(const RefreshOptions& options) {
  catalog_.set_busy_timeout_ms(options_.refresh_wait_ms);
  auto report = refresh_catalog(options);
  if (report) catalog_.copy_log();  // somebody has asked for it, and may copy the file next
  return report;
}

Result<void> Session::make_fresh(CheckLevel level) {
  is_stale_ = false;
  if (level == CheckLevel::none) return {};
  catalog_.set_busy_timeout_ms(options_.query_wait_ms);
  RefreshOptions refresh;
  refresh.level = level;
  refresh.limits = options_.limits;
  const auto report = refresh_catalog(refresh);
  if (!report && report.error().code == ErrorCode::busy) {
    is_stale_ = true;
    warnings_.emplace_back("another process is writing; this answer is from before its changes");
    return {};
  }
  if (!report) return fail(report.error());
  for (const Error& unreadable : report->unreadable_directories) {
    warnings_.push_back("can't list " + unreadable.text() + "; its results are as last seen");
  }
  return {};
}

}  // namespace ktstr
