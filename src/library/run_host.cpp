// SPDX-License-Identifier: MIT
#include "library/run_host.hpp"

#include <utility>

#include "query/host_rows.hpp"
#include "query/run_names.hpp"
#include "report/host_document.hpp"

namespace ktstr {

Result<HostContext> run_host(SQLite::Database& database, const std::string& run,
                             const MessageSink& note) {
  const auto named = find_run(database, run);
  if (!named) return fail(named.error());
  const auto counts = count_hosts(database, *named);
  if (!counts) return fail(counts.error());
  const std::string the_run = "run '" + run + "'";
  if (counts->results == 0) return fail(ErrorCode::not_found, the_run + " has no sidecar data");
  auto found = first_host(database, *named);
  if (!found) return fail(std::move(found.error()));
  if (!*found) {
    return fail(ErrorCode::not_found,
                "none of the " + std::to_string(counts->results) + " sidecar(s) of " + the_run +
                    " has a host: the run is from before hosts were recorded");
  }
  if (counts->hosts > 1) {
    note(the_run + " has results from " + std::to_string(counts->hosts) +
         " different hosts; this is that of " + (*found)->test_name);
  }
  return std::move((*found)->host);
}

JsonObject show_host_document(const std::optional<std::string>& run, const HostContext& host) {
  JsonObject document;
  document.add("run", run).add("host", host_document(host));
  return document;
}

}  // namespace ktstr
