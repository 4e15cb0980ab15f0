// SPDX-License-Identifier: MIT
#include "privacy/field_rules.hpp"

#include <re2/re2.h>

#include <string>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "record/fields.hpp"

namespace ktstr {
namespace {

using Keys = std::unordered_set<std::string_view>;

template <typename... Objects>
Keys keys_of() {
  Keys keys;
  const auto add = [&](const auto& table) {
    std::apply([&](const auto&... field) { (keys.insert(field.key), ...); }, table);
  };
  (add(Fields<Objects>::k_table), ...);
  return keys;
}

/// A document may have any number of different keys.
constexpr std::size_t k_remembered_at_most = 4096;
constexpr std::size_t k_longest_remembered = 128;

}  // namespace

struct FieldRules::Patterns {
  std::vector<std::unique_ptr<RE2>> of_key;
};

FieldRules::FieldRules() {
  RE2::Options options(RE2::Latin1);
  options.set_log_errors(false);
  options.set_case_sensitive(false);
  auto patterns = std::make_unique<Patterns>();
  for (const KeyPattern& key : key_patterns()) {
    patterns->of_key.push_back(std::make_unique<RE2>(expanded(key.regex), options));
  }
  patterns_ = std::move(patterns);
}

FieldRules::~FieldRules() = default;

Treatment FieldRules::treatment_of(std::string_view key) {
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  Treatment treatment = Treatment::text;
  for (std::size_t i = 0; i < patterns_->of_key.size(); ++i) {
    if (!RE2::FullMatch(re2::StringPiece(key.data(), key.size()), *patterns_->of_key[i])) continue;
    treatment = key_patterns()[i].treatment;
    break;
  }
  if (known_.size() < k_remembered_at_most && key.size() <= k_longest_remembered) {
    known_.emplace(key, treatment);
  }
  return treatment;
}

bool is_record_key(std::string_view key) {
  static const Keys keys =
      keys_of<Record, HostContext, HostHeapState, MonitorSummary, ScenarioStats, PhaseBucket,
              PhaseCgroupStats, CgroupStats, StimulusEvent, PayloadMetrics, Metric,
              ProgVerifierStats, ProgStatsDelta, PerfDeltaAssertionRecord, ScxEventDeltas,
              SchedstatDeltas, SchedDomainLbDelta, BpfMapFieldValue, KvmStatsTotals, TaobenchStats,
              TaobenchPhaseStats, SchbenchPhaseStats, PlatStats>();
  return keys.contains(key);
}

}  // namespace ktstr
