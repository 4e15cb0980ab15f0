// SPDX-License-Identifier: MIT
#include "catalog/archive_dump_owners.hpp"

namespace ktstr {
namespace {

/// The first version that isn't older than the dump, else the last one. In two steps, since
/// SQLite's ORDER BY can't name the dump.
std::string version_sql(const std::string& artifact, const std::string& condition) {
  const std::string time = "coalesce(o.mtime_ns, o.first_seen_ns)";
  const std::string select =
      "(SELECT o.sidecar_id FROM sidecar o WHERE o.directory_id = " + artifact +
      ".directory_id AND " + condition;
  return select + " AND " + time + " >= " + artifact + ".mtime_ns ORDER BY " + time +
         ", o.sidecar_id LIMIT 1), " + select + " ORDER BY " + time +
         " DESC, o.sidecar_id DESC LIMIT 1)";
}

}  // namespace

std::string dump_owner_sql(const std::string& artifact) {
  const std::string& a = artifact;
  // By name first: that finds the file of a record that doesn't decode, too, and by an index.
  return "coalesce(" +
         version_sql(a, "o.file_name = " + a + ".test_name || '-' || " + a +
                            ".file_hash || '.ktstr.json'") +
         ", " +
         version_sql(a, "o.test_name = " + a + ".test_name AND (" + a +
                            ".file_hash IS NULL OR o.file_hash IS NULL)") +
         ")";
}

}  // namespace ktstr
