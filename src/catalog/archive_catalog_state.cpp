// SPDX-License-Identifier: MIT
#include "catalog/archive_catalog_state.hpp"

#include "catalog/connection.hpp"
#include "catalog/statements.hpp"
#include "record/synthetic.hpp"

namespace ktstr {
namespace {

void read_sidecars(SQLite::Database& catalog, CatalogState& state) {
  SQLite::Statement files(
      catalog,
      "SELECT d.run_dir, d.job, d.session, s.file_name, s.id, s.is_symlink, "
      "instr(coalesce(h.kernel_cmdline, ''), ?) > 0 "
      "FROM sidecar s JOIN directory d USING(directory_id) LEFT JOIN host h USING(host_id)");
  files.bind(1, std::string(k_synthetic_mark));
  while (files.executeStep()) {
    CatalogState::Sidecar file;
    file.directory.run_dir = column_bytes(files, 0);
    file.directory.job = column_bytes(files, 1);
    file.directory.session = text_at(files, 2);
    file.id = column_bytes(files, 4);
    file.is_symlink = files.getColumn(5).getInt() != 0;
    if (files.getColumn(6).getInt() != 0) state.synthetic_run_dirs.insert(file.directory.run_dir);
    CatalogState::Place place{file.directory.run_dir, file.directory.job, column_bytes(files, 3)};
    state.sidecars.emplace(std::move(place), std::move(file));
  }
}

void read_dumps(SQLite::Database& catalog, CatalogState& state) {
  SQLite::Statement dumps(catalog,
                          "SELECT d.run_dir, d.job, d.session, a.file_name, a.kind, a.size_bytes, "
                          "a.mtime_ns, a.is_symlink FROM artifact a JOIN directory d "
                          "USING(directory_id) WHERE a.kind <> 'staging'");
  while (dumps.executeStep()) {
    DirectoryRow directory;
    directory.run_dir = column_bytes(dumps, 0);
    directory.job = column_bytes(dumps, 1);
    directory.session = text_at(dumps, 2);
    ArtifactRow row;
    row.file_name = column_bytes(dumps, 3);
    row.kind = column_bytes(dumps, 4);
    row.size_bytes = dumps.getColumn(5).getInt64();
    row.mtime_ns = dumps.getColumn(6).getInt64();
    row.is_symlink = dumps.getColumn(7).getInt() != 0;
    CatalogState::Place place{directory.run_dir, directory.job, row.file_name};
    state.dumps.emplace(std::move(place), std::pair(std::move(directory), std::move(row)));
  }
}

}  // namespace

CatalogState read_catalog_state(SQLite::Database& catalog) {
  CatalogState state;
  read_sidecars(catalog, state);
  read_dumps(catalog, state);
  return state;
}

}  // namespace ktstr
