// SPDX-License-Identifier: MIT
#include "privacy/redaction.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "privacy/boot_line.hpp"
#include "privacy/document_redactor.hpp"

namespace ktstr {
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

}  // namespace ktstr
