// SPDX-License-Identifier: MIT
#include <algorithm>
#include <bit>
#include <initializer_list>
#include <numeric>

#include "record_maker.hpp"

namespace ktstr::sample {
namespace {

std::uint64_t iterations_of(const PhaseBucket& phase) {
  std::uint64_t iterations = 0;
  for (const auto& [name, cgroup] : phase.per_cgroup) iterations += cgroup.total_iterations;
  return iterations;
}

StimulusEvent step_event(const TestCase& test_case, const PhaseBucket& phase, bool is_end) {
  StimulusEvent event;
  const unsigned step = phase.step_index - 1U;
  event.label = (is_end ? "StepEnd[" : "StepStart[") + std::to_string(step) + ']';
  event.elapsed_ms = is_end ? phase.end_ms : phase.start_ms;
  event.op_kind = "ops=" + std::to_string(step == 0 ? test_case.cgroups : 1);
  event.detail = std::to_string(test_case.cgroups) + " cgroups, " +
                 std::to_string(test_case.cgroups * test_case.workers) + " workers";
  event.step_index = phase.step_index;
  event.is_step_end = is_end;
  return event;
}

}  // namespace

std::vector<StimulusEvent> make_stimulus(const TestCase& test_case,
                                         const std::vector<PhaseBucket>& phases) {
  std::vector<StimulusEvent> events;
  std::uint64_t iterations = 0;
  for (const PhaseBucket& phase : phases) {
    events.push_back(step_event(test_case, phase, false));
    events.back().total_iterations = iterations;
    iterations += iterations_of(phase);
    events.push_back(step_event(test_case, phase, true));
    events.back().total_iterations = iterations;
  }
  StimulusEvent end;
  end.elapsed_ms = phases.back().end_ms;
  end.label = "ScenarioEnd";
  end.total_iterations = iterations;
  end.is_terminal = true;
  events.push_back(std::move(end));
  return events;
}

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

namespace {

double to_double(std::uint64_t count) { return static_cast<double>(count); }

/// Of all CPUs' time, what one worker of a CPU-bound test gets.
double cpu_share(const TestCase& test_case) {
  const double workers = test_case.cgroups * test_case.workers;
  return std::min(1.0, test_case.topology.vcpus() / workers);
}

/// Log-normal samples, drawn evenly from each slice of the distribution: a dozen of them then have
/// a p99 that moves by a few per cent only from run to run, as thousands of real ones would.
std::vector<std::uint64_t> draw_latencies(double median_us, double spread, std::size_t count,
                                          Random& random) {
  std::vector<std::uint64_t> latencies(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double p =
        (static_cast<double>(i) + random.uniform(0.4, 0.6)) / static_cast<double>(count);
    const double latency_ns = 1000 * median_us * std::exp(spread * normal_quantile(p));
    latencies[i] = static_cast<std::uint64_t>(latency_ns * random.uniform(0.985, 1.015));
  }
  for (std::size_t i = count; i > 1; --i) {
    std::swap(latencies[i - 1], latencies[random.integer(0, i - 1)]);
  }
  return latencies;
}

void add_wake_metrics(std::map<std::string, double>& metrics,
                      std::vector<std::uint64_t> latencies) {
  std::sort(latencies.begin(), latencies.end());
  const double n = to_double(latencies.size());
  double sum = 0;
  for (const std::uint64_t latency : latencies) sum += to_double(latency);
  double squares = 0;
  for (const std::uint64_t latency : latencies) {
    squares += (to_double(latency) - sum / n) * (to_double(latency) - sum / n);
  }
  metrics["median_wake_latency_us"] = to_double(nearest_rank_sample(latencies, 0.5)) / 1000;
  metrics["p99_wake_latency_us"] = to_double(nearest_rank_sample(latencies, 0.99)) / 1000;
  metrics["wake_latency_cv"] = sum > 0 ? std::sqrt(squares / n) / (sum / n) : 0.0;
}

void draw_latency_samples(const RecordPlan& plan, PhaseCgroupStats& cgroup, Random& random) {
  const TestCase& test_case = plan.scene.test_case;
  const WorkProfile& work = work_profile(test_case.work_type);
  const double factor = scheduler_profile(test_case.scheduler).wake_factor * plan.effects.wake *
                        plan.run_factor / host_profile(plan.scene.session.host).speed *
                        random.noisy(1.0, 0.02);
  if (work.wake_us > 0) {
    cgroup.wake_latencies_ns.values =
        draw_latencies(work.wake_us * factor, 0.62, plan.samples, random);
    cgroup.wake_sample_total = plan.samples;
    add_wake_metrics(cgroup.metrics, cgroup.wake_latencies_ns.values);
  }
  if (work.timer_us > 0) {
    cgroup.timer_latencies_ns.values =
        draw_latencies(work.timer_us * factor, 0.35, plan.samples, random);
    cgroup.timer_sample_total = plan.samples;
  }
}

void draw_workers(const RecordPlan& plan, double seconds, PhaseCgroupStats& cgroup,
                  Random& random) {
  const TestCase& test_case = plan.scene.test_case;
  const WorkProfile& work = work_profile(test_case.work_type);
  const double waiting = 1.0 - cpu_share(test_case) * 0.97;
  const double base_ns = seconds * 1e9 * (0.0003 + 0.2 * waiting * (1 - work.off_cpu_pct / 100));
  for (unsigned worker = 0; worker < test_case.workers; ++worker) {
    cgroup.run_delays_ns.values.push_back(random.noisy_count(base_ns * plan.run_factor, 0.2));
    cgroup.off_cpu_pcts.values.push_back(std::min(99.9, random.noisy(work.off_cpu_pct, 0.12)));
  }
}

void draw_counters(const RecordPlan& plan, double seconds, PhaseCgroupStats& cgroup,
                   Random& random) {
  const TestCase& test_case = plan.scene.test_case;
  const WorkProfile& work = work_profile(test_case.work_type);
  const double speed = host_profile(plan.scene.session.host).speed;
  const double worker_seconds = test_case.workers * seconds * cpu_share(test_case);
  cgroup.num_workers = test_case.workers;
  for (unsigned cpu = 0; cpu < test_case.topology.vcpus(); ++cpu) cgroup.cpus_used.insert(cpu);
  cgroup.total_iterations = random.noisy_count(
      work.iterations_per_sec * worker_seconds * speed * plan.effects.iterations / plan.run_factor,
      0.015);
  cgroup.total_cpu_time_ns =
      random.noisy_count(worker_seconds * 1e9 * (1 - work.off_cpu_pct / 100), 0.008);
  if (cgroup.cpus_used.size() > 1) {
    cgroup.total_migrations =
        random.noisy_count(1 + work.migrations_per_sec * worker_seconds * plan.effects.migrations *
                                   scheduler_profile(test_case.scheduler).migration_factor,
                           0.1);
  }
  cgroup.numa_pages_total = random.noisy_count(1650, 0.05);
  cgroup.numa_pages_local = std::min(
      cgroup.numa_pages_total, random.noisy_count(to_double(cgroup.numa_pages_total) * 0.95, 0.02));
  if (test_case.topology.numa > 1) cgroup.cross_node_migrated = random.noisy_count(14, 0.6);
  const bool failed = plan.outcome.verdict == Verdict::fail || plan.outcome.expected_failure;
  cgroup.max_gap_ms = failed ? random.noisy_count(3200, 0.3) : random.noisy_count(4, 0.6);
  cgroup.max_gap_cpu = random.integer(0, test_case.topology.vcpus() - 1);
}

void derive_metrics(PhaseCgroupStats& cgroup, double seconds) {
  auto& metrics = cgroup.metrics;
  const auto& off_cpu = cgroup.off_cpu_pcts.values;
  const auto& delays = cgroup.run_delays_ns.values;
  const double workers = to_double(cgroup.num_workers);
  const double iterations = to_double(cgroup.total_iterations);
  const auto [least, most] = std::minmax_element(off_cpu.begin(), off_cpu.end());
  metrics["min_off_cpu_pct"] = *least;
  metrics["max_off_cpu_pct"] = *most;
  metrics["off_cpu_spread_pct"] = *most - *least;
  metrics["avg_off_cpu_pct"] = std::accumulate(off_cpu.begin(), off_cpu.end(), 0.0) / workers;
  metrics["max_run_delay_us"] = to_double(*std::max_element(delays.begin(), delays.end())) / 1000;
  metrics["mean_run_delay_us"] =
      to_double(std::accumulate(delays.begin(), delays.end(), std::uint64_t{0})) / workers / 1000;
  metrics["iteration_rate"] = iterations / seconds;
  metrics["iterations_per_worker"] = iterations / workers;
  if (cgroup.total_cpu_time_ns > 0) {
    metrics["iterations_per_cpu_sec"] = iterations / (to_double(cgroup.total_cpu_time_ns) / 1e9);
  }
  if (iterations > 0) metrics["migration_ratio"] = to_double(cgroup.total_migrations) / iterations;
  const double pages = to_double(cgroup.numa_pages_total);
  metrics["page_locality"] = to_double(cgroup.numa_pages_local) / pages;
  metrics["cross_node_migration_ratio"] = to_double(cgroup.cross_node_migrated) / pages;
}

PhaseCgroupStats make_cgroup(const RecordPlan& plan, double seconds, Random& random) {
  PhaseCgroupStats cgroup;
  draw_counters(plan, seconds, cgroup, random);
  draw_workers(plan, seconds, cgroup, random);
  draw_latency_samples(plan, cgroup, random);
  derive_metrics(cgroup, seconds);
  return cgroup;
}

void add_phase_metrics(PhaseBucket& phase, const TestCase& test_case, double seconds,
                       Random& random) {
  std::uint64_t iterations = 0;
  std::uint64_t cpu_time_ns = 0;
  for (const auto& [name, cgroup] : phase.per_cgroup) {
    iterations += cgroup.total_iterations;
    cpu_time_ns += cgroup.total_cpu_time_ns;
  }
  const double workers = test_case.cgroups * test_case.workers;
  auto& metrics = phase.metrics;
  metrics["avg_dsq_depth"] = random.noisy(0.04 * workers, 0.3);
  metrics["max_dsq_depth"] = to_double(1 + random.integer(0, test_case.workers));
  metrics["avg_imbalance_ratio"] = 1.0 + random.noisy(0.38, 0.1);
  metrics["max_imbalance_ratio"] = to_double(random.integer(2, 2 + test_case.workers));
  metrics["avg_nr_running"] = random.noisy(workers / test_case.topology.vcpus(), 0.05);
  metrics["total_phase_duration_sec"] = seconds;
  metrics["total_phase_iterations"] = to_double(iterations);
  metrics["total_iterations_pooled"] = to_double(iterations);
  metrics["total_cpu_time_sec"] = to_double(cpu_time_ns) / 1e9;
  metrics["iteration_rate"] = to_double(iterations) / seconds;
  if (cpu_time_ns > 0) {
    metrics["iterations_per_cpu_sec"] = to_double(iterations) / (to_double(cpu_time_ns) / 1e9);
  }
}

}  // namespace

PhaseBucket make_phase(const RecordPlan& plan, unsigned step, Random& random) {
  const TestCase& test_case = plan.scene.test_case;
  const std::uint64_t step_ms = 12'000 / test_case.steps;
  PhaseBucket phase;
  phase.step_index = static_cast<std::uint16_t>(step + 1);
  phase.label = "Step[" + std::to_string(step) + ']';
  phase.start_ms = step * (step_ms + 30) + random.integer(4, 12);
  phase.end_ms = phase.start_ms + step_ms + random.integer(1, 15);
  phase.sample_count = 20 - random.integer(0, 1);
  const double seconds = to_double(phase.end_ms - phase.start_ms) / 1000;
  for (unsigned i = 0; i < test_case.cgroups; ++i) {
    PhaseCgroupStats& cgroup =
        phase.per_cgroup.emplace("cg_" + std::to_string(i), make_cgroup(plan, seconds, random))
            .first->second;
    add_carrier(plan, seconds, phase, cgroup, random);
  }
  add_phase_metrics(phase, test_case, seconds, random);
  return phase;
}

}  // namespace ktstr::sample
