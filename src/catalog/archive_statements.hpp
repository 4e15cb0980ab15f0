// SPDX-License-Identifier: MIT
#pragma once

// The statements that the files of ArchiveTables share.

#include "catalog/archive_tables.hpp"
#include "catalog/lazy_statement.hpp"

namespace ktstr {

struct ArchiveTables::Statements {
  explicit Statements(SQLite::Database& db);

  // archive_tables.cpp
  LazyStatement find_project, put_root, set_root_seen, find_directory, put_directory, find_document,
      put_document, put_document_bytes, document, put_label, put_session, label_session;
  // archive_observations.cpp
  LazyStatement find_observation, find_place, find_sidecar, put_sidecar, reopen_sidecar,
      standing_sidecars, standing_named, end_sidecar, find_artifact, put_artifact,
      standing_artifacts, end_artifact, imported_sidecar, remove_sidecar, imported_artifact,
      remove_artifact;
};

}  // namespace ktstr
