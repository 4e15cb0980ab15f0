// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>

#include "ktstr/record.hpp"
#include "report/documents.hpp"

namespace ktstr::test {
namespace {

std::string compact(const HostContext& host) {
  return json_document(JsonValue(host_document(host)), JsonStyle::compact);
}

TEST(HostDocument, LeavesOutWhatIsAbsent) {
  EXPECT_EQ(compact({}), "{}\n");
  HostContext host;
  host.sched_tunables.emplace();
  EXPECT_EQ(compact(host), "{\"sched_tunables\":{}}\n");
}

TEST(HostDocument, HasTheKeysAndValuesThatASidecarHas) {
  HostContext host;
  host.cpu_model = "A \"CPU\"";
  host.total_memory_kib = 18446744073709551615U;
  host.thp_enabled = "always [madvise] never";
  host.sched_tunables.emplace()["sched_a"] = "1";
  host.numa_nodes = 2;
  host.cpufreq_governor = {{2, "performance"}, {10, "powersave"}};
  host.arch = "x86_64";
  host.task_delayacct = DelayacctState::runtime_off;
  host.config_task_xacct = XacctState::off;
  host.heap_state.emplace().narenas = 4;
  Record record;
  record.host = host;
  const std::string sidecar = encode_record(record);
  // The same text at another depth.
  std::string expected = "  \"host\": ";
  for (const char c : json_document(JsonValue(host_document(host)))) {
    expected += c;
    if (c == '\n') expected += "  ";
  }
  expected.resize(expected.find_last_of('}') + 1);
  EXPECT_NE(sidecar.find(expected), std::string::npos) << expected << "\n" << sidecar;
}

}  // namespace
}  // namespace ktstr::test
