// SPDX-License-Identifier: MIT
#include "report/footer_document.hpp"

namespace ktstr {
namespace {

JsonObject test_document(const FailedTest& test) {
  JsonObject document;
  document.add("test", test.test_name)
      .add("scheduler", test.scheduler)
      .add("topology", test.topology)
      .add("failure_dump", test.failure_dump)
      .add("repro_dump", test.repro_dump)
      .add("stats", json_array(test.stats))
      .add("wprof", test.wprof)
      .add("repro_wprof", test.repro_wprof)
      .add("replayable", test.replayable);
  return document;
}

}  // namespace

JsonObject footer_document(const std::vector<RunDirectorySummary>& directories) {
  JsonArray list;
  for (const RunDirectorySummary& directory : directories) {
    JsonArray failed;
    for (const FailedTest& test : directory.failed) failed.emplace_back(test_document(test));
    JsonObject entry;
    entry.add("path", directory.path)
        .add("failed", std::move(failed))
        .add("stats_sidecars", directory.stats_sidecars)
        .add("wprof_traces", directory.wprof_traces);
    list.emplace_back(std::move(entry));
  }
  JsonObject document;
  document.add("directories", std::move(list));
  return document;
}

}  // namespace ktstr
