// SPDX-License-Identifier: MIT
#include "report/metrics_document.hpp"

#include <string_view>
#include <utility>

#include "record/fields.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

using Type = MetricKind::Type;

// Our registry's word on the left, that of the harness's documents on the right; others are equal.
constexpr std::pair<std::string_view, std::string_view> k_words[] = {
    {"wake_ns", "WakeLatencyNs"},      {"timer_ns", "TimerLatencyNs"},
    {"run_delay_ns", "RunDelayNs"},    {"CV", "Cv"},
    {"iterations", "Iterations"},      {"workers", "NumWorkers"},
    {"cpu_sec", "CpuTimeNs"},          {"numa_pages_local", "NumaLocal"},
    {"numa_pages_total", "NumaTotal"},
};

std::string_view harness_word(std::string_view word) {
  for (const auto& [ours, theirs] : k_words) {
    if (word == ours) return theirs;
  }
  return word;
}

/// The two parts of a kind that has parts. Those of a rate are names of metrics.
std::pair<std::string_view, std::string_view> ratio_words(const MetricKind& kind) {
  if (kind.type == Type::rate) return {kind.numerator, kind.denominator};
  return {harness_word(kind.numerator), harness_word(kind.denominator)};
}

JsonValue kind_document(const MetricKind& kind) {
  const std::string name(metric_kind_name(kind.type));
  JsonObject parts;
  switch (kind.type) {
    case Type::gauge:
      return JsonObject().add(name, kind.reduction);
    case Type::rate:
    case Type::worst_lowest: {
      const auto words = ratio_words(kind);
      parts.add("numerator", words.first).add("denominator", words.second);
      return JsonObject().add(name, std::move(parts));
    }
    case Type::distribution:
      parts.add("source", harness_word(kind.source)).add("reduction", harness_word(kind.reduction));
      return JsonObject().add(name, std::move(parts));
    default:
      return name;
  }
}

JsonValue polarity_document(const Polarity& polarity) {
  const std::string_view name =
      EnumNames<Polarity>::k_names[static_cast<std::size_t>(polarity.kind)];
  if (polarity.kind != Polarity::Kind::target_value) return name;
  return JsonObject().add(std::string(name), polarity.target);
}

}  // namespace

JsonArray metrics_document(const std::vector<MetricDefinition>& metrics) {
  JsonArray document;
  for (const MetricDefinition& metric : metrics) {
    JsonObject entry;
    entry.add("name", metric.name)
        .add("polarity", polarity_document({metric.polarity}))
        .add("kind", kind_document(metric.kind))
        .add("default_abs", metric.default_abs)
        .add("default_rel", metric.default_rel)
        .add("display_unit", metric.unit);
    document.emplace_back(std::move(entry));
  }
  return document;
}

std::string polarity_text(const Polarity& polarity) {
  std::string text(polarity_word(polarity.kind));
  if (polarity.kind == Polarity::Kind::target_value) {
    text += "(" + readable_number(polarity.target) + ")";
  }
  return text;
}

std::string kind_text(const MetricKind& kind) {
  std::string name(metric_kind_name(kind.type));
  const auto with = [&](std::string_view first, const char* separator, std::string_view second) {
    return name + "(" + std::string(first) + separator + std::string(second) + ")";
  };
  switch (kind.type) {
    case Type::gauge:
      return with(kind.reduction, "", "");
    case Type::rate:
    case Type::worst_lowest: {
      const auto words = ratio_words(kind);
      return with(words.first, " / ", words.second);
    }
    case Type::distribution:
      return with(harness_word(kind.source), ", ", harness_word(kind.reduction));
    default:
      return name;
  }
}

}  // namespace ktstr
