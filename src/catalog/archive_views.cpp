// SPDX-License-Identifier: MIT
#include "catalog/archive_views.hpp"

namespace ktstr {
namespace {

/// Of an observation t in directory d of runs_root r: where and when it was seen.
constexpr const char* k_seen =
    "t.observation_id AS observation_id, r.project AS project, r.path AS root,\n"
    "  r.origin AS origin, d.run_dir AS run_dir, d.job AS job, t.file_name AS file_name";

/// While it stands, it was last seen when its root was.
constexpr const char* k_times =
    "t.first_seen_ns AS first_seen_ns,\n"
    "  coalesce(t.last_seen_ns, r.last_seen_ns, t.first_seen_ns) AS last_seen_ns,\n"
    "  t.ended_ns AS ended_ns, t.ending AS ending";

/// In UTC: of the record, or of the file where that has no time.
std::string day_of(const std::string& table) {
  return "strftime('%Y-%m-%d', coalesce(" + table + "time_ns, " + table +
         "mtime_ns) / 1000000000, 'unixepoch')";
}

constexpr const char* k_is_kept =
    "EXISTS (SELECT 1 FROM document c WHERE c.id = t.id AND c.stored_bytes > 0) AS is_kept";

std::string observations_sql() {
  const std::string places = "\nFROM (directory d JOIN runs_root r USING(root_id)) JOIN ";
  return std::string("CREATE VIEW observations AS\nSELECT ") + k_seen +
         ",\n  'sidecar' AS kind, t.id AS id, t.size_bytes AS size_bytes, t.mtime_ns AS mtime_ns,\n"
         "  t.session AS session,\n"
         "  (SELECT json_group_object(key, value) FROM label WHERE label.id = t.id) AS labels,\n "
         " " +
         k_times + ",\n  h.host_key AS host_key, " + day_of("t.") +
         " AS day, t.sidecar_id AS sidecar_id,\n  " + k_is_kept + places +
         "sidecar t USING(directory_id) LEFT JOIN host h USING(host_id)\nUNION ALL\nSELECT " +
         k_seen +
         ",\n  t.kind AS kind, t.id AS id, t.size_bytes AS size_bytes, t.mtime_ns AS mtime_ns,\n"
         "  t.session AS session, NULL AS labels,\n  " +
         k_times +
         ",\n  NULL AS host_key, strftime('%Y-%m-%d', t.mtime_ns / 1000000000, 'unixepoch') AS "
         "day,\n"
         "  NULL AS sidecar_id,\n  " +
         k_is_kept + places + "artifact t USING(directory_id)";
}

}  // namespace

std::string archive_result_columns() {
  return ",\n  s.observation_id AS observation_id,\n  r.project AS project,\n  r.path AS root,\n "
         " " +
         day_of("s.") +
         " AS day,\n  s.first_seen_ns AS first_seen_ns,\n"
         "  coalesce(s.last_seen_ns, r.last_seen_ns, s.first_seen_ns) AS last_seen_ns,\n"
         "  s.ended_ns AS ended_ns,\n  s.ending AS ending";
}

void append_archive_views(std::vector<ViewDefinition>& views) {
  views.push_back({"observations", observations_sql()});
  views.push_back({"labels", "CREATE VIEW labels AS SELECT id, key, value FROM label"});
  views.push_back(
      {"documents",
       "CREATE VIEW documents AS\n"
       "SELECT id, kind, size_bytes, stored_bytes, is_redacted, first_seen_ns FROM document"});
  views.push_back({"pins", "CREATE VIEW pins AS SELECT kind, value FROM pin"});
}

}  // namespace ktstr
