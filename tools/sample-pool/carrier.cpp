// SPDX-License-Identifier: MIT
#include <algorithm>
#include <bit>
#include <initializer_list>

#include "record_maker.hpp"

namespace ktstr::sample {
namespace {

/// Values below 512 have a bucket each; above, each power of two is cut in 256.
std::size_t bucket_of(std::uint32_t value) {
  if (value < 512) return value;
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - 8;
  return std::min<std::size_t>((shift + 1) * 256 + ((value >> shift) & 255), k_plat_buckets - 1);
}

struct Histogram {
  PlatStats stats;
  std::vector<std::uint64_t> sorted;
};

Histogram make_histogram(double median, double spread, std::size_t count, Random& random) {
  Histogram made;
  made.stats.plat.counts.resize(k_plat_buckets);
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<std::uint32_t>(random.noisy_count(median, spread));
    ++made.stats.plat.counts[bucket_of(value)];
    made.sorted.push_back(value);
  }
  std::sort(made.sorted.begin(), made.sorted.end());
  made.stats.nr_samples = count;
  made.stats.min = static_cast<std::uint32_t>(made.sorted.front());
  made.stats.max = static_cast<std::uint32_t>(made.sorted.back());
  return made;
}

struct Percentile {
  const char* name;
  double p;
};

void add_percentiles(std::map<std::string, double>& metrics, const Histogram& histogram,
                     std::initializer_list<Percentile> percentiles) {
  for (const Percentile& wanted : percentiles) {
    metrics[wanted.name] = static_cast<double>(nearest_rank_sample(histogram.sorted, wanted.p));
  }
}

void add_schbench(const RecordPlan& plan, double seconds, PhaseBucket& phase,
                  PhaseCgroupStats& cgroup, Random& random) {
  const Histogram wakeup = make_histogram(9.4 * plan.run_factor, 0.8, 4000, random);
  const Histogram request = make_histogram(8'600 * plan.run_factor, 0.25, 2500, random);
  const Histogram rps =
      make_histogram(1'190 / plan.run_factor, 0.06, static_cast<std::size_t>(seconds), random);
  SchbenchPhaseStats carrier;
  carrier.wakeup = wakeup.stats;
  carrier.request = request.stats;
  carrier.rps = rps.stats;
  carrier.msg_pcount = random.noisy_count(310 * seconds, 0.1);
  carrier.msg_run_delay_ns = random.noisy_count(static_cast<double>(carrier.msg_pcount) * 5e3, 0.1);
  carrier.worker_pcount = random.noisy_count(1'250 * seconds, 0.1);
  carrier.worker_run_delay_ns =
      random.noisy_count(static_cast<double>(carrier.worker_pcount) * 9e3, 0.1);
  carrier.loop_count = cgroup.total_iterations;
  add_percentiles(phase.metrics, wakeup,
                  {{"wakeup_p50_latency_us", 0.5}, {"wakeup_p99_latency_us", 0.99}});
  add_percentiles(phase.metrics, request,
                  {{"request_p50_latency_us", 0.5}, {"request_p99_latency_us", 0.99}});
  add_percentiles(phase.metrics, rps, {{"rps_p50", 0.5}});
  phase.metrics["schbench_loop_count"] = static_cast<double>(carrier.loop_count);
  cgroup.schbench = std::move(carrier);
}

void add_taobench(const RecordPlan& plan, double seconds, PhaseBucket& phase,
                  PhaseCgroupStats& cgroup, Random& random) {
  const Histogram serve = make_histogram(310 * plan.run_factor, 0.5, 5000, random);
  TaobenchPhaseStats carrier;
  carrier.serve_lat = serve.stats;
  TaobenchStats& counters = carrier.counters;
  counters.fast_ops = cgroup.total_iterations;
  counters.slow_ops = random.noisy_count(static_cast<double>(counters.fast_ops) * 0.11, 0.05);
  counters.get_misses = counters.slow_ops;
  counters.get_cmds = counters.fast_ops + counters.slow_ops;
  counters.elapsed_ns = static_cast<std::uint64_t>(seconds * 1e9);
  const auto operations = static_cast<double>(counters.get_cmds);
  phase.metrics["taobench_total_qps"] = operations / seconds;
  phase.metrics["taobench_fast_qps"] = static_cast<double>(counters.fast_ops) / seconds;
  phase.metrics["taobench_slow_qps"] = static_cast<double>(counters.slow_ops) / seconds;
  phase.metrics["taobench_hit_ratio"] = static_cast<double>(counters.fast_ops) / operations;
  add_percentiles(phase.metrics, serve,
                  {{"taobench_serve_p50_us", 0.5}, {"taobench_serve_p99_us", 0.99}});
  cgroup.taobench = std::move(carrier);
}

}  // namespace

void add_carrier(const RecordPlan& plan, double seconds, PhaseBucket& phase,
                 PhaseCgroupStats& cgroup, Random& random) {
  const std::string& work = plan.scene.test_case.work_type;
  if (work != "Schbench" && work != "Taobench") return;
  if (!plan.with_carrier) {
    cgroup.stripped = work == "Schbench";  // as the guest does when its frame is full
  } else if (work == "Schbench") {
    add_schbench(plan, seconds, phase, cgroup, random);
  } else {
    add_taobench(plan, seconds, phase, cgroup, random);
  }
}

}  // namespace ktstr::sample
