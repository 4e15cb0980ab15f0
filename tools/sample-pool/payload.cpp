// SPDX-License-Identifier: MIT
#include "record_maker.hpp"

namespace ktstr::sample {
namespace {

struct Leaf {
  const char* name = "";
  double typical = 0.0;
  Polarity polarity = {};
  const char* unit = "";
  bool follows_io = false;  ///< scaled by the run, else only noise
};

constexpr Polarity k_higher{Polarity::Kind::higher_better, 0.0};
constexpr Polarity k_lower{Polarity::Kind::lower_better, 0.0};
constexpr Polarity k_plain{Polarity::Kind::unknown, 0.0};
constexpr Polarity k_told{Polarity::Kind::informational, 0.0};
constexpr Polarity k_twenty{Polarity::Kind::target_value, 20.0};

/// The interesting numbers of fio's JSON; %: read or write.
constexpr Leaf k_leaves[] = {
    {"jobs.0.%.bw", 49'800, k_higher, "KiB/s", true},
    {"jobs.0.%.clat_ns.mean", 80'100, k_lower, "ns", true},
    {"jobs.0.%.clat_ns.percentile.99", 214'000, k_lower, "ns", true},
    {"jobs.0.%.iops", 12'450, k_higher, "iops", true},
    {"jobs.0.%.total_ios", 149'400, k_told, "", true},
    {"jobs.0.ctx", 150'900, k_plain, "", false},
    {"jobs.0.sys_cpu", 21, k_twenty, "%", false},
    {"jobs.0.usr_cpu", 7, k_plain, "%", false},
};

std::string leaf_name(std::string_view pattern, bool writes) {
  std::string name(pattern);
  if (const auto place = name.find('%'); place != std::string::npos) {
    name.replace(place, 1, writes ? "write" : "read");
  }
  return name;
}

}  // namespace

std::vector<PayloadMetrics> make_payload_metrics(const RecordPlan& plan, Random& random) {
  const TestCase& test_case = plan.scene.test_case;
  if (!test_case.payload) return {};
  const bool writes = test_case.payload->find("write") != std::string::npos;
  PayloadMetrics invocation;
  for (const Leaf& leaf : k_leaves) {
    const double run =
        leaf.polarity.kind == Polarity::Kind::lower_better ? plan.run_factor : 1 / plan.run_factor;
    Metric metric;
    metric.name = leaf_name(leaf.name, writes);
    metric.value = random.noisy(leaf.typical * (leaf.follows_io ? run : 1.0), 0.03);
    metric.polarity = leaf.polarity;
    metric.unit = leaf.unit;
    invocation.metrics.push_back(std::move(metric));
  }
  return {std::move(invocation)};
}

}  // namespace ktstr::sample
