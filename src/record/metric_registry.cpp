// SPDX-License-Identifier: MIT
#include "record/metric_registry.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace ktstr {

const std::vector<MetricDefinition>& metric_registry() {
  // A file that doesn't parse can't leave the build: a unit test reads the embedded text.
  static const std::vector<MetricDefinition> registry =
      parse_metric_registry(embedded_metrics_csv).value_or(std::vector<MetricDefinition>{});
  return registry;
}

const MetricDefinition* find_metric(std::string_view name) {
  static const auto by_name = [] {
    std::unordered_map<std::string_view, const MetricDefinition*> map;
    for (const MetricDefinition& metric : metric_registry()) map.emplace(metric.name, &metric);
    return map;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

std::string_view polarity_word(Polarity::Kind polarity) {
  switch (polarity) {
    case Polarity::Kind::higher_better:
      return "higher";
    case Polarity::Kind::lower_better:
      return "lower";
    case Polarity::Kind::target_value:
      return "target";
    case Polarity::Kind::informational:
      return "informational";
    case Polarity::Kind::unknown:
      break;
  }
  return "unknown";
}

namespace {

constexpr std::string_view k_header =
    "name,unit,polarity,kind,default_abs,default_rel,source,suppressed,meaning";
constexpr std::size_t k_columns = 9;
using Fields = std::array<std::string_view, k_columns>;

struct KindName {
  std::string_view name;
  MetricKind::Type type;
};
constexpr std::array<KindName, 11> k_kind_names{{
    {"Counter", MetricKind::Type::counter},
    {"Gauge", MetricKind::Type::gauge},
    {"Peak", MetricKind::Type::peak},
    {"Rate", MetricKind::Type::rate},
    {"Distribution", MetricKind::Type::distribution},
    {"WorstLowest", MetricKind::Type::worst_lowest},
    {"PerPhaseDeltaSum", MetricKind::Type::per_phase_delta_sum},
    {"WakeLatencyTailRatio", MetricKind::Type::wake_latency_tail_ratio},
    {"WorstCrossNodeRatio", MetricKind::Type::worst_cross_node_ratio},
    {"PerPhase", MetricKind::Type::per_phase},
    {"PerRunDistribution", MetricKind::Type::per_run_distribution},
}};
constexpr std::array<std::string_view, 3> k_gauge_reductions{"Avg", "Last", "Max"};
constexpr std::array<std::string_view, 6> k_distribution_reductions{"Mean", "Median", "P99",
                                                                    "P999", "Worst",  "CV"};

template <typename Words>
bool contains(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_word(std::string_view text) {
  // Not isalnum: the locale must not decide what a metric's name is.
  const auto belongs = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), belongs);
}

/// The text without its first field; `field` is set to that, without its quotes.
/// None when a quote stands anywhere but around the whole field.
std::optional<std::string_view> take_field(std::string_view line, std::string_view& field) {
  if (line.empty() || line.front() != '"') {
    const std::size_t end = std::min(line.find(','), line.size());
    field = line.substr(0, end);
    if (field.find('"') != std::string_view::npos) return std::nullopt;
    return line.substr(end);
  }
  const std::size_t end = line.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  field = line.substr(1, end - 1);
  const std::string_view rest = line.substr(end + 1);
  if (!rest.empty() && rest.front() != ',') return std::nullopt;
  return rest;
}

std::optional<Fields> split_line(std::string_view line) {
  Fields fields;
  for (std::size_t i = 0; i < k_columns; ++i) {
    const std::optional<std::string_view> rest = take_field(line, fields[i]);
    const bool is_last = i + 1 == k_columns;
    if (!rest || rest->empty() != is_last) return std::nullopt;
    if (!is_last) line = rest->substr(1);
  }
  return fields;
}

std::optional<Polarity::Kind> parse_polarity(std::string_view text) {
  if (text == "higher") return Polarity::Kind::higher_better;
  if (text == "lower") return Polarity::Kind::lower_better;
  if (text == "info") return Polarity::Kind::informational;
  return std::nullopt;
}

std::optional<double> parse_threshold(std::string_view text) {
  double value = 0.0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(value) || std::signbit(value)) {
    return std::nullopt;
  }
  return value;
}

bool set_source(MetricSources& sources, std::string_view word) {
  using Flag = std::pair<std::string_view, bool MetricSources::*>;
  static constexpr std::array<Flag, 6> k_flags{{{"typed", &MetricSources::typed},
                                                {"monitor", &MetricSources::monitor},
                                                {"ext", &MetricSources::ext},
                                                {"derived", &MetricSources::derived},
                                                {"phase", &MetricSources::phase},
                                                {"cgroup", &MetricSources::cgroup}}};
  for (const Flag& flag : k_flags) {
    if (flag.first == word) return !std::exchange(sources.*flag.second, true);
  }
  return false;
}

std::optional<MetricSources> parse_sources(std::string_view text) {
  MetricSources sources;
  const std::size_t plus = text.find('+');
  if (!set_source(sources, text.substr(0, plus))) return std::nullopt;
  if (plus != std::string_view::npos && !set_source(sources, text.substr(plus + 1))) {
    return std::nullopt;
  }
  return sources;
}

/// "a / b" or "a, b" in its two words.
std::optional<std::pair<std::string_view, std::string_view>> split_pair(
    std::string_view text, std::string_view separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::pair words{text.substr(0, at), text.substr(at + separator.size())};
  if (!is_word(words.first) || !is_word(words.second)) return std::nullopt;
  return words;
}

bool set_arguments(MetricKind& kind, std::string_view arguments) {
  if (kind.type == MetricKind::Type::gauge) {
    kind.reduction = arguments;
    return contains(k_gauge_reductions, arguments);
  }
  if (kind.type == MetricKind::Type::rate || kind.type == MetricKind::Type::worst_lowest) {
    const auto pair = split_pair(arguments, " / ");
    if (pair) std::tie(kind.numerator, kind.denominator) = *pair;
    return pair.has_value();
  }
  if (kind.type == MetricKind::Type::distribution) {
    const auto pair = split_pair(arguments, ", ");
    if (pair) std::tie(kind.source, kind.reduction) = *pair;
    return pair && contains(k_distribution_reductions, kind.reduction);
  }
  return arguments.empty();
}

std::optional<MetricKind> parse_kind(std::string_view text) {
  const std::size_t open = text.find('(');
  const std::string_view name = text.substr(0, open);
  std::string_view arguments;
  if (open != std::string_view::npos) {
    arguments = text.substr(open + 1);
    // "Counter()" is no spelling of "Counter".
    if (arguments.size() < 2 || arguments.back() != ')') return std::nullopt;
    arguments.remove_suffix(1);
  }
  for (const KindName& known : k_kind_names) {
    if (known.name != name) continue;
    MetricKind kind;
    kind.type = known.type;
    if (!set_arguments(kind, arguments)) return std::nullopt;
    return kind;
  }
  return std::nullopt;
}

/// The name of the column that is wrong, or "" with the metric filled in.
std::string_view fill(MetricDefinition& metric, const Fields& fields) {
  metric.name = fields[0];
  metric.unit = fields[1];
  const auto polarity = parse_polarity(fields[2]);
  const auto kind = parse_kind(fields[3]);
  const auto default_abs = parse_threshold(fields[4]);
  const auto default_rel = parse_threshold(fields[5]);
  const auto sources = parse_sources(fields[6]);
  metric.suppressed = fields[7] == "1";
  metric.meaning = fields[8];
  if (!is_word(metric.name)) return "name";
  if (!polarity) return "polarity";
  if (!kind) return "kind";
  if (!default_abs) return "default_abs";
  if (!default_rel) return "default_rel";
  if (!sources) return "source";
  if (fields[7] != "0" && fields[7] != "1") return "suppressed";
  if (metric.meaning.empty()) return "meaning";
  metric.polarity = *polarity;
  metric.kind = *kind;
  metric.default_abs = *default_abs;
  metric.default_rel = *default_rel;
  metric.sources = *sources;
  return "";
}

tl::unexpected<Error> bad_line(std::size_t number, std::string_view what) {
  return fail(ErrorCode::parse, fmt::format("line {} of the metric registry: {}", number, what));
}

}  // namespace

std::string_view metric_kind_name(MetricKind::Type type) {
  for (const KindName& known : k_kind_names) {
    if (known.type == type) return known.name;
  }
  return "";
}

Result<std::vector<MetricDefinition>> parse_metric_registry(std::string_view csv) {
  std::vector<MetricDefinition> metrics;
  std::set<std::string_view> names;
  std::size_t number = 0;
  while (!csv.empty()) {
    ++number;
    const std::size_t end = csv.find('\n');
    if (end == std::string_view::npos) return bad_line(number, "no newline at its end");
    const std::string_view line = csv.substr(0, end);
    csv.remove_prefix(end + 1);
    if (number == 1) {
      if (line != k_header) return bad_line(number, "not the header");
      continue;
    }
    const std::optional<Fields> fields = split_line(line);
    if (!fields) return bad_line(number, "not nine fields");
    MetricDefinition metric;
    const std::string_view wrong = fill(metric, *fields);
    if (!wrong.empty()) return bad_line(number, fmt::format("bad {}", wrong));
    if (!names.insert(metric.name).second) return bad_line(number, "a name seen before");
    metrics.push_back(metric);
  }
  if (number == 0) return bad_line(1, "no header");
  return metrics;
}

}  // namespace ktstr
