// SPDX-License-Identifier: MIT
#include "query/run_report_rows.hpp"

#include <limits>

#include "database/connection.hpp"

namespace ktstr {
namespace {

// Columns 8 to 16 are the typed metrics in the order of GauntletMetric.
constexpr const char* k_results =
    "SELECT t.sidecar_id, t.test_name, t.topology, t.work_type, t.passed, t.skipped,\n"
    "  t.inconclusive, t.timestamp, t.worst_spread, t.worst_gap_ms, t.total_migrations,\n"
    "  t.worst_migration_ratio, t.max_imbalance_ratio, t.max_dsq_depth, t.stuck_count,\n"
    "  t.total_fallback, t.total_keep_last, t.kvm_vcpus\n"
    "FROM directory d JOIN sidecar t USING(directory_id)\n"
    "WHERE d.run_dir = ?1 AND (?2 IS NULL OR d.job = ?2) AND t.status = 'ok'\n"
    "ORDER BY d.job, t.file_name";
constexpr int k_first_metric_column = 8;
constexpr std::size_t k_typed_metrics = 9;
constexpr int k_kvm_column = 17;

// The position says which metric of GauntletMetric it is, after the typed ones.
constexpr const char* k_extension_metrics =
    "SELECT CASE metric WHEN 'worst_p99_wake_latency_us' THEN 9\n"
    "  WHEN 'worst_wake_latency_cv' THEN 10 WHEN 'worst_mean_run_delay_us' THEN 11\n"
    "  ELSE 12 END, value\n"
    "FROM metrics WHERE sidecar_id = ? AND phase IS NULL AND cgroup IS NULL\n"
    "  AND metric IN ('worst_p99_wake_latency_us', 'worst_wake_latency_cv',\n"
    "                 'worst_mean_run_delay_us', 'worst_run_delay_us')";

constexpr const char* k_verifier =
    "SELECT program, verified_insns FROM verifier_programs WHERE sidecar_id = ? ORDER BY position";
constexpr const char* k_callbacks =
    "SELECT program, cnt, nsecs, nsecs_per_call FROM callbacks WHERE sidecar_id = ?\n"
    "ORDER BY position";
// A VM has some forty counters; to make text of all their names would take most of the time.
constexpr const char* k_kvm =
    "SELECT stat, sum FROM kvm_stats WHERE sidecar_id = ?\n"
    "  AND stat IN ('exits', 'halt_exits', 'halt_wait_ns', 'halt_successful_poll',\n"
    "               'halt_attempted_poll', 'preemption_reported', 'signal_exits', 'hypercalls')";

struct KvmCounter {
  std::string_view name;
  std::uint64_t KvmTotals::*member;
};
constexpr KvmCounter k_kvm_counters[] = {
    {"exits", &KvmTotals::exits},
    {"halt_exits", &KvmTotals::halt_exits},
    {"halt_wait_ns", &KvmTotals::halt_wait_ns},
    {"halt_successful_poll", &KvmTotals::halt_successful_poll},
    {"halt_attempted_poll", &KvmTotals::halt_attempted_poll},
    {"preemption_reported", &KvmTotals::preemption_reported},
    {"signal_exits", &KvmTotals::signal_exits},
    {"hypercalls", &KvmTotals::hypercalls},
};

/// Counts above 2^63-1 are stored as doubles.
std::uint64_t column_count(SQLite::Statement& statement, int index) {
  const SQLite::Column column = statement.getColumn(index);
  if (!column.isFloat()) return static_cast<std::uint64_t>(column.getInt64());
  const double value = column.getDouble();
  if (!(value > 0)) return 0;
  if (value >= 18446744073709551616.0) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(value);
}

/// The statements of one report, each compiled once. Throws SQLite::Exception.
class Loader {
 public:
  explicit Loader(SQLite::Database& database)
      : results_(database, k_results),
        extension_metrics_(database, k_extension_metrics),
        verifier_(database, k_verifier),
        callbacks_(database, k_callbacks),
        kvm_(database, k_kvm) {}

  RunReport load(const NamedRun& run) {
    bind_run(results_, run);
    while (results_.executeStep()) add_result();
    return std::move(report_);
  }

 private:
  void add_result() {
    const std::int64_t id = results_.getColumn(0).getInt64();
    add_row(id);
    add_verifier(id);
    add_callbacks(id);
    if (!results_.getColumn(k_kvm_column).isNull()) add_kvm(id);
    std::string timestamp = column_bytes(results_, 7);
    std::string& first = report_.first_timestamp;
    if (!timestamp.empty() && (first.empty() || timestamp < first)) first = std::move(timestamp);
  }

  void add_row(std::int64_t id) {
    GauntletRow row;
    row.scenario = column_bytes(results_, 1);
    row.topology = column_bytes(results_, 2);
    row.work_type = column_bytes(results_, 3);
    row.passed = results_.getColumn(4).getInt() != 0;
    row.skipped = results_.getColumn(5).getInt() != 0;
    row.inconclusive = results_.getColumn(6).getInt() != 0;
    // NULL, not measured, is 0 here.
    for (std::size_t i = 0; i < k_typed_metrics; ++i) {
      row.metrics[i] = results_.getColumn(k_first_metric_column + static_cast<int>(i)).getDouble();
    }
    start(extension_metrics_, id);
    while (extension_metrics_.executeStep()) {
      const auto position = static_cast<std::size_t>(extension_metrics_.getColumn(0).getInt());
      row.metrics[position] = extension_metrics_.getColumn(1).getDouble();
    }
    report_.rows.push_back(std::move(row));
  }

  void add_verifier(std::int64_t id) {
    start(verifier_, id);
    while (verifier_.executeStep()) {
      report_.verifier.push_back({column_bytes(verifier_, 0),
                                  static_cast<std::uint32_t>(verifier_.getColumn(1).getInt64())});
    }
  }

  void add_callbacks(std::int64_t id) {
    start(callbacks_, id);
    std::vector<CallbackProgram> programs;
    while (callbacks_.executeStep()) {
      programs.push_back({column_bytes(callbacks_, 0), column_count(callbacks_, 1),
                          column_count(callbacks_, 2), callbacks_.getColumn(3).getDouble()});
    }
    if (programs.empty()) return;
    const GauntletRow& row = report_.rows.back();
    report_.callbacks.push_back({row.scenario, row.topology, std::move(programs)});
  }

  void add_kvm(std::int64_t id) {
    KvmTotals totals;
    totals.vcpus = column_count(results_, k_kvm_column);
    start(kvm_, id);
    while (kvm_.executeStep()) {
      const std::string name = column_bytes(kvm_, 0);
      for (const KvmCounter& counter : k_kvm_counters) {
        if (counter.name == name) totals.*counter.member = column_count(kvm_, 1);
      }
    }
    report_.kvm.push_back(totals);
  }

  static void start(SQLite::Statement& statement, std::int64_t id) {
    statement.reset();
    statement.bind(1, id);
  }

  SQLite::Statement results_;
  SQLite::Statement extension_metrics_;
  SQLite::Statement verifier_;
  SQLite::Statement callbacks_;
  SQLite::Statement kvm_;
  RunReport report_;
};

}  // namespace

Result<RunReport> load_run_report(SQLite::Database& database, const NamedRun& run) {
  return guarded(database.getFilename(), [&] {
    // One moment for all tables, whoever writes meanwhile.
    SQLite::Transaction transaction(database);
    return Loader(database).load(run);
  });
}

}  // namespace ktstr
