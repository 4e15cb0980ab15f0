// SPDX-License-Identifier: MIT
#pragma once

// Record documents for tests, made from the tables of fields.hpp.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ktstr/record.hpp"
#include "record/fields.hpp"

namespace ktstr::test {

template <typename M>
inline constexpr bool k_is_option = false;
template <typename M>
inline constexpr bool k_is_option<std::optional<M>> = true;

template <RecordObject T, typename Each>
void for_each_field(Each each) {
  Fields<T>::k_table.apply([&](const auto&... field) { (each(field), ...); });
}

template <typename M>
std::string minimal_json();

/// The text of one object, key by key.
template <RecordObject T>
class ObjectText {
 public:
  /// With the required keys only, as the target contract has them.
  ObjectText() {
    fill([](const auto& field) { return field.presence == KeyPresence::required; });
  }

  /// With every key of the target contract.
  static ObjectText full() {
    ObjectText text;
    text.pairs_.clear();
    text.fill([](const auto&) { return true; });
    return text;
  }

  /// Replaces a value, or puts the key at its place in declared order (an unknown one at the end).
  ObjectText& set(std::string_view key, std::string value) {
    auto at = pairs_.begin();
    for (; at != pairs_.end() && rank(at->first) <= rank(key); ++at) {
      if (at->first != key) continue;
      at->second = std::move(value);
      return *this;
    }
    pairs_.insert(at, {std::string(key), std::move(value)});
    return *this;
  }
  /// Appends, whatever is there.
  ObjectText& add(std::string_view key, std::string value) {
    pairs_.emplace_back(key, std::move(value));
    return *this;
  }
  ObjectText& drop(std::string_view key) {
    pairs_.erase(std::remove_if(pairs_.begin(), pairs_.end(),
                                [&](const auto& pair) { return pair.first == key; }),
                 pairs_.end());
    return *this;
  }

  [[nodiscard]] std::string text() const {
    std::string out = "{";
    for (const auto& [key, value] : pairs_) {
      if (out.size() > 1) out += ',';
      out += '"' + key + "\":" + value;
    }
    return out + "}";
  }

 private:
  template <typename Wanted>
  void fill(Wanted wanted) {
    for_each_field<T>([&](const auto& field) {
      if (field.side == Side::newer || !wanted(field)) return;
      using M = typename std::decay_t<decltype(field)>::Type;
      pairs_.emplace_back(field.key, minimal_json<M>());
    });
  }

  static std::size_t rank(std::string_view key) {
    std::size_t rank = 0;
    std::size_t found = k_field_count<T>;
    for_each_field<T>([&](const auto& field) {
      if (field.key == key) found = rank;
      ++rank;
    });
    return found;
  }

  std::vector<std::pair<std::string, std::string>> pairs_;
};

inline std::string plat_json(std::size_t buckets = k_plat_buckets) {
  std::string out = "[";
  for (std::size_t i = 0; i < buckets; ++i) out += i == 0 ? "0" : ",0";
  return out + "]";
}

/// The plainest value that the contract takes for a member of this type.
template <typename M>
std::string minimal_json() {
  if constexpr (k_is_option<M>) {
    return minimal_json<typename M::value_type>();
  } else if constexpr (RecordObject<M>) {
    return ObjectText<M>().text();
  } else if constexpr (std::is_same_v<M, bool>) {
    return "true";
  } else if constexpr (std::is_integral_v<M>) {
    return "1";
  } else if constexpr (std::is_floating_point_v<M>) {
    return "1.5";
  } else if constexpr (std::is_same_v<M, std::string>) {
    return "\"x\"";
  } else if constexpr (std::is_enum_v<M>) {
    return '"' + std::string(EnumNames<M>::k_names[0]) + '"';
  } else if constexpr (std::is_same_v<M, Polarity>) {
    return "\"Unknown\"";
  } else if constexpr (std::is_same_v<M, BucketCounts>) {
    return plat_json();
  } else if constexpr (requires { typename M::mapped_type; }) {
    return "{}";
  } else {
    return "[]";
  }
}

/// A whole record with one object of type T, and where in it that object stands.
struct Placed {
  std::string json;
  std::string path;
};

template <RecordObject T>
Placed place(std::string object);

template <RecordObject Parent>
Placed place_below(std::string_view key, const std::string& value, const std::string& step) {
  Placed placed = place<Parent>(ObjectText<Parent>().set(key, value).text());
  placed.path += (placed.path.empty() ? "" : ".") + std::string(key) + step;
  return placed;
}

template <RecordObject T>
Placed place(std::string object) {
  const std::string array = "[" + object + "]";
  if constexpr (std::is_same_v<T, Record>) return {std::move(object), ""};
  if constexpr (std::is_same_v<T, ScenarioStats>) return place_below<Record>("stats", object, "");
  if constexpr (std::is_same_v<T, MonitorSummary>)
    return place_below<Record>("monitor", object, "");
  if constexpr (std::is_same_v<T, KvmStatsTotals>) {
    return place_below<Record>("kvm_stats", object, "");
  }
  if constexpr (std::is_same_v<T, HostContext>) return place_below<Record>("host", object, "");
  if constexpr (std::is_same_v<T, StimulusEvent>) {
    return place_below<Record>("stimulus_events", array, "[0]");
  }
  if constexpr (std::is_same_v<T, ProgVerifierStats>) {
    return place_below<Record>("verifier_stats", array, "[0]");
  }
  if constexpr (std::is_same_v<T, PayloadMetrics>) {
    return place_below<Record>("metrics", array, "[0]");
  }
  if constexpr (std::is_same_v<T, PerfDeltaAssertionRecord>) {
    return place_below<Record>("perf_delta_assertions", array, "[0]");
  }
  if constexpr (std::is_same_v<T, Metric>) {
    return place_below<PayloadMetrics>("metrics", array, "[0]");
  }
  if constexpr (std::is_same_v<T, HostHeapState>) {
    return place_below<HostContext>("heap_state", object, "");
  }
  if constexpr (std::is_same_v<T, CgroupStats>) {
    return place_below<ScenarioStats>("cgroups", array, "[0]");
  }
  if constexpr (std::is_same_v<T, PhaseBucket>) {
    return place_below<ScenarioStats>("phases", array, "[0]");
  }
  if constexpr (std::is_same_v<T, PhaseCgroupStats>) {
    return place_below<PhaseBucket>("per_cgroup", "{\"g\":" + object + "}", ".g");
  }
  if constexpr (std::is_same_v<T, SchbenchPhaseStats>) {
    return place_below<PhaseCgroupStats>("schbench", object, "");
  }
  if constexpr (std::is_same_v<T, TaobenchPhaseStats>) {
    return place_below<PhaseCgroupStats>("taobench", object, "");
  }
  if constexpr (std::is_same_v<T, TaobenchStats>) {
    return place_below<CgroupStats>("taobench_whole", object, "");
  }
  if constexpr (std::is_same_v<T, PlatStats>) {
    return place_below<TaobenchPhaseStats>("serve_lat", object, "");
  }
  if constexpr (std::is_same_v<T, ScxEventDeltas>) {
    return place_below<MonitorSummary>("event_deltas", object, "");
  }
  if constexpr (std::is_same_v<T, SchedstatDeltas>) {
    return place_below<MonitorSummary>("schedstat_deltas", object, "");
  }
  if constexpr (std::is_same_v<T, SchedDomainLbDelta>) {
    return place_below<MonitorSummary>("sched_domain_lb", array, "[0]");
  }
  if constexpr (std::is_same_v<T, ProgStatsDelta>) {
    return place_below<MonitorSummary>("prog_stats_deltas", array, "[0]");
  }
  if constexpr (std::is_same_v<T, BpfMapFieldValue>) {
    return place_below<MonitorSummary>("bpf_map_fields", array, "[0]");
  }
}

/// Every kind of object that a record is made of.
template <typename... T>
struct ObjectList {
  using Gtest = ::testing::Types<T...>;
};
using AllObjects =
    ObjectList<Record, ScenarioStats, CgroupStats, PhaseBucket, PhaseCgroupStats, TaobenchStats,
               TaobenchPhaseStats, SchbenchPhaseStats, PlatStats, MonitorSummary, ScxEventDeltas,
               SchedstatDeltas, SchedDomainLbDelta, ProgStatsDelta, BpfMapFieldValue,
               ProgVerifierStats, KvmStatsTotals, StimulusEvent, PayloadMetrics, Metric,
               PerfDeltaAssertionRecord, HostContext, HostHeapState>;

/// A record with one more key at its end.
inline std::string record_with(std::string_view key, std::string value) {
  return ObjectText<Record>().add(key, std::move(value)).text();
}

/// Decodes a document that must not be corrupt.
inline DecodedRecord decoded(const std::string& json,
                             SampleHandling samples = SampleHandling::keep) {
  auto result = decode_record(json, samples);
  EXPECT_TRUE(result) << (result ? "" : result.error().text());
  return result ? std::move(*result) : DecodedRecord{{}, Contract::drift, "corrupt"};
}

/// "" for a document that is ok, else what is wrong with it.
inline std::string complaint(const std::string& json) {
  const auto result = decode_record(json, SampleHandling::keep);
  return result ? result->error : "corrupt";
}

inline bool is_corrupt(const std::string& json) {
  return !decode_record(json, SampleHandling::keep).has_value();
}

/// What is left of a document that was decoded and encoded again.
inline std::string round_trip(const std::string& json) {
  return encode_record(decoded(json).record);
}

}  // namespace ktstr::test
