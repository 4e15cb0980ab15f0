// SPDX-License-Identifier: MIT
#include "privacy/redaction.hpp"

#include <re2/re2.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/hashing.hpp"
#include "base/text.hpp"
#include "privacy/document_redactor.hpp"
#include "privacy/private_text.hpp"
#include "record/fields.hpp"

namespace ktstr {
namespace {

using Keys = std::unordered_set<std::string_view>;

template <typename... Objects>
Keys keys_of() {
  Keys keys;
  const auto add = [&](const auto& table) {
    table.apply([&](const auto&... field) { (keys.insert(field.key), ...); });
  };
  (add(Fields<Objects>::k_table), ...);
  return keys;
}

/// A document may have any number of different keys.
constexpr std::size_t k_most_keys = 4096;
constexpr std::size_t k_longest_key = 128;

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
  if (known_.size() < k_most_keys && key.size() <= k_longest_key) {
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

namespace {

constexpr std::size_t k_remembered_at_most = 1 << 16;
constexpr std::size_t k_longest_remembered = 64;

}  // namespace

void RedactionCounts::add(const RedactionCounts& other) {
  boot_parameters += other.boot_parameters;
  paths += other.paths;
  addresses += other.addresses;
  ids += other.ids;
  hosts += other.hosts;
  secrets += other.secrets;
}

std::size_t& counter(RedactionCounts& counts, PrivateKind kind) {
  switch (kind) {
    case PrivateKind::address:
      return counts.addresses;
    case PrivateKind::id:
      return counts.ids;
    case PrivateKind::host:
      return counts.hosts;
    case PrivateKind::secret:
      return counts.secrets;
    case PrivateKind::boot_line:
      return counts.boot_parameters;
    case PrivateKind::path:
      break;
  }
  return counts.paths;
}

TextKind text_kind(Treatment treatment) {
  switch (treatment) {
    case Treatment::identity:
      return TextKind::identity;
    case Treatment::version:
      return TextKind::version;
    case Treatment::commit:
      return TextKind::commit;
    case Treatment::cgroup:
      return TextKind::cgroup;
    default:
      return TextKind::free;
  }
}

std::optional<PrivateKind> whole_kind(Treatment treatment) {
  switch (treatment) {
    case Treatment::whole_id:
      return PrivateKind::id;
    case Treatment::whole_host:
      return PrivateKind::host;
    case Treatment::whole_address:
      return PrivateKind::address;
    case Treatment::whole_secret:
      return PrivateKind::secret;
    default:
      return std::nullopt;
  }
}

Redaction::Redaction(const RedactionOptions& options)
    : hosts_(options.host_names), key_(options.key) {}

std::vector<PrivateSpan> Redaction::find(std::string_view text, TextKind kind) {
  if (text.size() > k_longest_remembered) return find_private(text, kind, hosts_);
  std::string known(1, static_cast<char>(kind));
  known += text;
  if (clean_.contains(known)) return {};
  auto spans = find_private(text, kind, hosts_);
  if (spans.empty() && clean_.size() < k_remembered_at_most) clean_.insert(std::move(known));
  return spans;
}

Result<RedactedText> Redaction::document(std::string_view json) {
  if (!is_valid_utf8(json)) return fail(ErrorCode::parse, "not UTF-8");
  return DocumentRedactor(*this, json).run();
}

std::vector<std::string> Redaction::hosts_named_in(std::string_view json) {
  if (!is_valid_utf8(json)) return {};
  DocumentRedactor redactor(*this, json);
  if (!redactor.run()) return {};
  return redactor.take_hosts();
}

std::vector<std::string> Redaction::hosts_in_value(std::string_view key, std::string_view value) {
  if (rules_.treatment_of(key) == Treatment::whole_host) return {std::string(value)};
  std::vector<std::string> hosts;
  for (const PrivateSpan& span : find(value, TextKind::identity)) {
    if (span.kind == PrivateKind::host) {
      hosts.emplace_back(value.substr(span.begin, span.end - span.begin));
    }
  }
  return hosts;
}

std::string Redaction::replaced(std::string_view value, TextKind kind, bool is_identity,
                                RedactionCounts& counts) {
  std::string out;
  std::size_t copied = 0;
  for (const PrivateSpan& span : find(value, kind)) {
    out += value.substr(copied, span.begin - copied);
    const std::string_view found = value.substr(span.begin, span.end - span.begin);
    copied = span.end;
    if (span.kind == PrivateKind::boot_line) {
      const ReducedBootLine reduced = reduce_boot_line(found, hosts_);
      counts.boot_parameters += reduced.removed;
      out += reduced.removed == 0 ? std::string(found) : reduced.text;
    } else {
      out += substitute(span.kind, found, is_identity);
      ++counter(counts, span.kind);
    }
  }
  return out.append(value.substr(copied));
}

std::string Redaction::text(std::string_view value, RedactionCounts& counts) {
  return replaced(value, TextKind::free, false, counts);
}

std::string Redaction::name(std::string_view value, RedactionCounts& counts) {
  return replaced(value, TextKind::identity, true, counts);
}

std::string Redaction::file_name(std::string_view value, RedactionCounts& counts) {
  static const RE2 pattern(
      "(?s)(.*?)((?:-[0-9a-fA-F]{16})?(?:\\.attempt-[0-9]{1,9})?(?:\\.ktstr\\.json|"
      "(?:\\.repro)?(?:\\.failure-dump\\.json|\\.wprof\\.pb)))",
      RE2::Latin1);
  std::string test;
  std::string ending;
  const re2::StringPiece whole(value.data(), value.size());
  if (!RE2::FullMatch(whole, pattern, &test, &ending)) return name(value, counts);
  return name(test, counts) + ending;
}

std::string Redaction::value_of(std::string_view key, std::string_view value,
                                RedactionCounts& counts) {
  const Treatment treatment = rules_.treatment_of(key);
  const auto whole = whole_kind(treatment);
  if (treatment == Treatment::version) return replaced(value, TextKind::version, true, counts);
  if (!whole || value.empty()) return name(value, counts);
  if (is_placeholder(value)) return std::string(value);
  ++counter(counts, *whole);
  return substitute(*whole, value, true);
}

namespace {

constexpr std::size_t k_half = 16;  // hex digits

std::optional<std::uint64_t> parse_hex16(std::string_view digits) {
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

/// One machine's names are one value: with its domain or not, in any case.
std::string canonical(PrivateKind kind, std::string_view value) {
  if (kind != PrivateKind::host) return std::string(value);
  std::string name(value.substr(0, value.find('.')));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

}  // namespace

SubstituteKey random_substitute_key() {
  std::array<std::uint64_t, 2> words{};
  auto* bytes = reinterpret_cast<char*>(words.data());
  for (std::size_t done = 0; done < sizeof(words);) {
    const ssize_t got = ::getrandom(bytes + done, sizeof(words) - done, 0);
    if (got > 0) done += static_cast<std::size_t>(got);
  }
  return {words[0], words[1]};
}

std::string key_text(const SubstituteKey& key) { return hex16(key.first) + hex16(key.second); }

std::optional<SubstituteKey> parse_key(std::string_view text) {
  if (text.size() != 2 * k_half) return std::nullopt;
  const auto first = parse_hex16(text.substr(0, k_half));
  const auto second = parse_hex16(text.substr(k_half));
  if (!first || !second) return std::nullopt;
  return SubstituteKey{*first, *second};
}

std::string Redaction::substitute(PrivateKind kind, std::string_view value,
                                  bool is_identity) const {
  std::string text(placeholder(kind));
  if (!is_identity) return text;
  constexpr std::size_t k_digits = 8;
  const std::string hash = hex16(siphash13(text + canonical(kind, value), key_.first, key_.second));
  return text.insert(text.size() - 1, "-" + hash.substr(0, k_digits));
}

bool may_have_become(std::string_view other, std::string_view redacted) {
  static const RE2 pattern("<(?:path|address|id|host|secret)(?:-[0-9a-f]{8})?(?: [0-9]{1,6})?>",
                           RE2::Latin1);
  // What was redacted already has its own substitutes.
  if (RE2::PartialMatch(re2::StringPiece(other.data(), other.size()), pattern)) {
    return other == redacted;
  }
  re2::StringPiece rest(redacted.data(), redacted.size());
  bool is_first = true;
  re2::StringPiece match;
  while (pattern.Match(rest, 0, rest.size(), RE2::UNANCHORED, &match, 1)) {
    const std::string_view before(rest.data(),
                                  static_cast<std::size_t>(match.data() - rest.data()));
    const std::size_t at =
        is_first ? (other.starts_with(before) ? 0 : std::string_view::npos) : other.find(before);
    if (at == std::string_view::npos) return false;
    other.remove_prefix(at + before.size());
    rest.remove_prefix(before.size() + match.size());
    is_first = false;
  }
  const std::string_view after(rest.data(), rest.size());
  return is_first ? other == after : other.ends_with(after);
}

}  // namespace ktstr
