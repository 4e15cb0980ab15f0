// SPDX-License-Identifier: MIT
#include "privacy/private_text.hpp"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <numeric>
#include <set>

#include "base/text.hpp"

namespace ktstr {
namespace {

constexpr std::int64_t k_regex_memory_bytes = 64 << 20;

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options options() {
  // Bytes, so that a text may hold what it wants.
  RE2::Options options(RE2::Latin1);
  options.set_log_errors(false);
  options.set_max_mem(k_regex_memory_bytes);
  return options;
}

/// The table, compiled.
struct Matchers {
  std::vector<std::unique_ptr<RE2>> patterns;
  RE2::Set any{options(), RE2::UNANCHORED};  ///< says which of them are in a text

  Matchers() {
    for (const PrivatePattern& pattern : private_patterns()) {
      const std::string regex = expanded(pattern.regex);
      patterns.push_back(std::make_unique<RE2>(regex, options()));
      (void)any.Add(regex, nullptr);
    }
    (void)any.Compile();
  }
};

const Matchers& matchers() {
  static const Matchers matchers;
  return matchers;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

constexpr const char* k_placeholder =
    "<(?:path|address|id|host|secret)(?:-[0-9a-f]{8})?(?: [0-9]{1,6})?>";

bool begins_redacted(std::string_view text) {
  static const RE2 pattern(k_placeholder, options());
  return pattern.Match(piece(text), 0, text.size(), RE2::ANCHOR_START, nullptr, 0);
}

/// "Authorization: Basic", "Linux version", "Last login:".
bool says_what_follows(std::string_view text) {
  static const RE2 pattern(
      "(?i:basic|digest|token|bearer|negotiate|version|kernel|release|on|is|last|space|time|mode|"
      "data|code|error)",
      options());
  return RE2::FullMatch(piece(text), pattern);
}

bool holds(Check check, std::string_view text) {
  const bool letter = std::any_of(text.begin(), text.end(), is_letter);
  const auto digits = std::count_if(text.begin(), text.end(), is_digit);
  switch (check) {
    case Check::none:
      break;
    case Check::letter:
      return letter;
    case Check::letter_digit:
      return letter && digits > 0;
    case Check::varied_hex:
      return letter && digits > 0 && std::set<char>(text.begin(), text.end()).size() >= 5;
    case Check::ipv6_short: {
      const bool has_gap_at_edge = text.starts_with("::") || text.ends_with("::");
      const auto colons = std::count(text.begin(), text.end(), ':');
      return digits > 0 || colons - (has_gap_at_edge ? 1 : 0) >= 3;
    }
    case Check::ipv6_whole: {
      constexpr std::ptrdiff_t k_too_many_to_count = 12;
      return letter || digits >= k_too_many_to_count;
    }
    case Check::mixed: {
      const auto capitals = std::count_if(text.begin(), text.end(), is_upper);
      const auto letters = std::count_if(text.begin(), text.end(), is_letter);
      return digits > 0 && capitals > 0 && capitals < letters;
    }
    case Check::named:
      return !says_what_follows(text) && !begins_redacted(text);
    case Check::unredacted:
      return !begins_redacted(text);
  }
  return true;
}

/// Kinds that are kept in a part of a text.
struct Kept {
  std::size_t begin = 0;
  std::size_t end = 0;
  unsigned kinds = 0;
};

struct Found {
  PrivateSpan span;
  std::size_t rank = 0;  ///< place in the table; names come behind it
};

/// Each place where group 1 of the pattern is. `take` may refuse one; then it is looked for again
/// from the next byte on.
template <typename Take>
void each_match(const RE2& pattern, std::string_view text, Take take) {
  std::array<re2::StringPiece, 2> groups;
  for (std::size_t at = 0; at < text.size();) {
    if (!pattern.Match(piece(text), at, text.size(), RE2::UNANCHORED, groups.data(), 2)) return;
    const auto begin = static_cast<std::size_t>(groups[1].data() - text.data());
    const auto match = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = begin + groups[1].size();
    const bool is_taken = !groups[1].empty() && take(begin, end);
    at = is_taken ? end : match + 1;
  }
}

/// Which patterns of the table are in it at all.
std::vector<int> patterns_in(std::string_view text) {
  std::vector<int> in;
  RE2::Set::ErrorInfo error{};
  if (!matchers().any.Match(piece(text), &in, &error) && error.kind != RE2::Set::kNoError) {
    in.resize(private_patterns().size());
    std::iota(in.begin(), in.end(), 0);
  }
  std::sort(in.begin(), in.end());
  return in;
}

void find_by_patterns(std::string_view text, TextKind kind, std::vector<Found>& found,
                      std::vector<Kept>& kept) {
  for (const int index : patterns_in(text)) {
    const auto rank = static_cast<std::size_t>(index);
    const PrivatePattern& pattern = private_patterns()[rank];
    if ((pattern.text_kinds & bit_of(kind)) == 0) continue;
    each_match(*matchers().patterns[rank], text, [&](std::size_t begin, std::size_t end) {
      if (!holds(pattern.check, text.substr(begin, end - begin))) return false;
      if (pattern.keeps != 0) {
        kept.push_back({begin, end, pattern.keeps});
      } else {
        found.push_back({{begin, end, pattern.kind}, rank});
      }
      return true;
    });
  }
}

/// Without those of a kind that lie in what is kept of it.
void remove_kept(std::vector<Found>& found, PrivateKind kind, std::vector<Kept> kept) {
  std::erase_if(kept, [&](const Kept& each) { return (each.kinds & bit_of(kind)) == 0; });
  if (kept.empty()) return;
  std::sort(kept.begin(), kept.end(), [](const Kept& left, const Kept& right) {
    return left.begin != right.begin ? left.begin < right.begin : left.end > right.end;
  });
  // Each reaches as far as any that began before it.
  for (std::size_t i = 1; i < kept.size(); ++i) {
    if (kept[i].end < kept[i - 1].end) kept[i] = kept[i - 1];
  }
  std::erase_if(found, [&](const Found& each) {
    if (each.span.kind != kind) return false;
    auto after =
        std::upper_bound(kept.begin(), kept.end(), each.span.begin,
                         [](std::size_t begin, const Kept& span) { return begin < span.begin; });
    return after != kept.begin() && std::prev(after)->end >= each.span.end;
  });
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// A limit in a pattern may have cut a character in two.
void widen_to_characters(std::string_view text, PrivateSpan& span) {
  while (span.end < text.size() && is_continuation(text[span.end])) ++span.end;
  while (span.begin > 0 && is_continuation(text[span.begin])) --span.begin;
}

/// What overlaps becomes one, so that no rest of a finding stays.
std::vector<PrivateSpan> united(std::string_view text, std::vector<Found> found) {
  std::sort(found.begin(), found.end(), [](const Found& left, const Found& right) {
    return left.span.begin != right.span.begin ? left.span.begin < right.span.begin
                                               : left.rank < right.rank;
  });
  std::vector<PrivateSpan> spans;
  for (Found& each : found) {
    widen_to_characters(text, each.span);
    if (spans.empty() || each.span.begin >= spans.back().end) {
      spans.push_back(each.span);
      continue;
    }
    PrivateSpan& last = spans.back();
    // Of a secret, the longest reading counts.
    const bool is_same = each.span.begin == last.begin && each.span.kind == last.kind &&
                         last.kind != PrivateKind::secret;
    if (!is_same) last.end = std::max(last.end, each.span.end);
  }
  return spans;
}

/// The text alone decides: a host name of that kind would be found in every record.
bool is_usable(const std::string& name) {
  constexpr std::size_t k_shortest = 3;
  const auto words = common_words();
  return name.size() >= k_shortest && !is_placeholder(name) &&
         std::find(words.begin(), words.end(), name) == words.end() &&
         !std::all_of(name.begin(), name.end(), [](char c) { return is_digit(c) || c == '.'; });
}

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace

/// By how much else could be meant by such a name.
struct HostNames::Patterns {
  std::unique_ptr<RE2> within;  ///< whatever stands around it
  std::unique_ptr<RE2> words;   ///< no letters around it
  std::unique_ptr<RE2> alone;   ///< no letters or digits around it
};

HostNames::HostNames(const std::vector<std::string>& names) {
  std::set<std::string> usable;
  for (const std::string& name : names) {
    const std::string lower = lower_case(name);
    for (const std::string& each : {lower, lower.substr(0, lower.find('.'))}) {
      if (is_usable(each)) usable.insert(each);
    }
  }
  names_.assign(usable.begin(), usable.end());
  // The longest first: "host.example" before "host".
  std::stable_sort(names_.begin(), names_.end(),
                   [](const auto& left, const auto& right) { return left.size() > right.size(); });
  if (names_.empty()) return;
  constexpr std::size_t k_telling = 6;
  constexpr std::size_t k_short = 5;
  std::string within;
  std::string words;
  std::string alone;
  for (const std::string& name : names_) {
    const bool is_word = std::all_of(name.begin(), name.end(), is_letter);
    std::string& group = name.size() < k_short                ? alone
                         : is_word && name.size() < k_telling ? words
                                                              : within;
    group += (group.empty() ? "" : "|") + RE2::QuoteMeta(piece(name));
  }
  auto patterns = std::make_unique<Patterns>();
  const auto compile = [](const char* before, const std::string& group, const char* after) {
    // With the domain that follows it.
    return std::make_unique<RE2>(
        std::string(before) + "((?i:" + group + ")(?:\\.[A-Za-z][A-Za-z0-9-]*)*)" + after,
        options());
  };
  if (!within.empty()) patterns->within = compile("", within, "");
  if (!words.empty()) patterns->words = compile("(?:^|[^A-Za-z])", words, "(?:[^A-Za-z]|$)");
  if (!alone.empty()) patterns->alone = compile("(?:^|[^A-Za-z0-9])", alone, "(?:[^A-Za-z0-9]|$)");
  patterns_ = std::move(patterns);
}

HostNames::~HostNames() = default;
HostNames::HostNames(HostNames&&) noexcept = default;
HostNames& HostNames::operator=(HostNames&&) noexcept = default;

void HostNames::find(std::string_view text, std::vector<PrivateSpan>& found) const {
  if (!patterns_) return;
  for (const auto* pattern : {&patterns_->within, &patterns_->words, &patterns_->alone}) {
    if (!*pattern) continue;
    each_match(**pattern, text, [&](std::size_t begin, std::size_t end) {
      found.push_back({begin, end, PrivateKind::host});
      return true;
    });
  }
}

std::string_view placeholder(PrivateKind kind) {
  constexpr std::string_view names[] = {"<path>", "<address>", "<id>",
                                        "<host>", "<secret>",  "<boot line>"};
  return names[static_cast<std::size_t>(kind)];
}

bool is_placeholder(std::string_view text) {
  static const RE2 pattern(k_placeholder, options());
  return RE2::FullMatch(piece(text), pattern);
}

std::vector<PrivateSpan> find_private(std::string_view text, TextKind kind,
                                      const HostNames& hosts) {
  std::vector<Found> found;
  std::vector<Kept> kept;
  find_by_patterns(text, kind, found, kept);
  std::vector<PrivateSpan> named;
  hosts.find(text, named);
  if (found.empty() && named.empty()) return {};
  for (const PrivateSpan& span : named) found.push_back({span, private_patterns().size()});
  for (const PrivateKind each : {PrivateKind::path, PrivateKind::address, PrivateKind::id,
                                 PrivateKind::host, PrivateKind::secret, PrivateKind::boot_line}) {
    remove_kept(found, each, kept);
  }
  return united(text, std::move(found));
}

namespace {

constexpr std::array<std::string_view, 53> k_names = {"amd_pstate",
                                                      "clocksource",
                                                      "default_hugepagesz",
                                                      "highres",
                                                      "hpet",
                                                      "hugepages",
                                                      "hugepagesz",
                                                      "idle",
                                                      "intel_pstate",
                                                      "irqaffinity",
                                                      "isolcpus",
                                                      "kthread_cpus",
                                                      "ktstr_index.synthetic",
                                                      "maxcpus",
                                                      "mitigations",
                                                      "nmi_watchdog",
                                                      "no_timer_check",
                                                      "nohalt",
                                                      "nohlt",
                                                      "nohz",
                                                      "nohz_full",
                                                      "nopti",
                                                      "nopvspin",
                                                      "nosmp",
                                                      "nosmt",
                                                      "nosoftlockup",
                                                      "nospectre_v1",
                                                      "nospectre_v2",
                                                      "nowatchdog",
                                                      "nr_cpus",
                                                      "possible_cpus",
                                                      "preempt",
                                                      "psi",
                                                      "pti",
                                                      "rcu_nocb_poll",
                                                      "rcu_nocbs",
                                                      "relax_domain_level",
                                                      "retbleed",
                                                      "schedstats",
                                                      "skew_tick",
                                                      "softlockup_panic",
                                                      "spec_store_bypass_disable",
                                                      "spectre_v2",
                                                      "stop_machine",
                                                      "systemd.unified_cgroup_hierarchy",
                                                      "threadirqs",
                                                      "timer_migration",
                                                      "topology",
                                                      "transparent_hugepage",
                                                      "tsc",
                                                      "tsx_async_abort",
                                                      "watchdog",
                                                      "watchdog_thresh"};

constexpr std::array<std::string_view, 13> k_beginnings = {
    "cgroup_",    "cpufreq.",  "cpuidle.", "hugetlb_", "intel_idle.", "numa_",
    "processor.", "rcupdate.", "rcutree.", "sched.",   "sched_",      "sysctl.kernel.sched_",
    "workqueue."};

/// With the quotes that hold spaces together.
std::size_t parameter_length(std::string_view line) {
  bool is_quoted = false;
  std::size_t length = 0;
  for (; length < line.size(); ++length) {
    const char c = line[length];
    if (c == '"') is_quoted = !is_quoted;
    if (!is_quoted && static_cast<unsigned char>(c) <= ' ') break;
  }
  return length;
}

bool is_plain_value(std::string_view value, const HostNames& hosts) {
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("_,.:+-*=^").find(c) != std::string_view::npos;
  };
  return std::all_of(value.begin(), value.end(), is_plain) &&
         find_private(value, TextKind::free, hosts).empty();
}

bool stays(std::string_view parameter, const HostNames& hosts) {
  const std::size_t equals = std::min(parameter.find('='), parameter.size());
  return is_scheduling_parameter(parameter.substr(0, equals)) &&
         is_plain_value(parameter.substr(equals), hosts);
}

}  // namespace

bool is_scheduling_parameter(std::string_view name) {
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '-', '_');
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c == '.';
  };
  if (!std::all_of(plain.begin(), plain.end(), is_plain)) return false;
  return std::find(k_names.begin(), k_names.end(), plain) != k_names.end() ||
         std::any_of(k_beginnings.begin(), k_beginnings.end(),
                     [&](std::string_view beginning) { return plain.starts_with(beginning); });
}

ReducedBootLine reduce_boot_line(std::string_view line, const HostNames& hosts) {
  ReducedBootLine reduced;
  while (!line.empty()) {
    const std::size_t length = parameter_length(line);
    const std::string_view parameter = line.substr(0, length);
    line.remove_prefix(std::max<std::size_t>(length, 1));
    if (parameter.empty()) continue;
    if (!stays(parameter, hosts)) {
      ++reduced.removed;
      continue;
    }
    if (!reduced.text.empty()) reduced.text += ' ';
    reduced.text += parameter;
  }
  return reduced;
}

}  // namespace ktstr
