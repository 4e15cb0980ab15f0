// SPDX-License-Identifier: MIT
#include "ktstr/kernel_id.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "environment/join_path.hpp"
#include "environment/unicode_space.hpp"
#include "environment/variables.hpp"

namespace ktstr {
namespace {

constexpr std::string_view k_git_prefix = "git+";
constexpr std::string_view k_candidate_mark = "-rc";

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool starts_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

std::optional<KernelGit> parse_git(std::string_view text) {
  if (!starts_with(text, k_git_prefix)) return std::nullopt;
  text.remove_prefix(k_git_prefix.size());
  const std::size_t mark = text.rfind('#');  // a URL may hold one itself
  if (mark == std::string_view::npos || mark == 0 || mark + 1 == text.size()) return std::nullopt;
  return KernelGit{std::string(text.substr(0, mark)), std::string(text.substr(mark + 1))};
}

std::optional<KernelRange> parse_range(std::string_view text, std::string_view separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view first = text.substr(0, at);
  const std::string_view last = text.substr(at + separator.size());
  if (!is_kernel_version(first) || !is_kernel_version(last)) return std::nullopt;
  return KernelRange{std::string(first), std::string(last), separator == "..="};
}

bool looks_like_path(std::string_view text) {
  return text.find('/') != std::string_view::npos || starts_with(text, ".") ||
         starts_with(text, "~");
}

std::string expand_tilde(std::string_view text, const Variables& variables) {
  if (text != "~" && !starts_with(text, "~/")) return std::string(text);
  const auto home = non_empty_utf8(variables, "HOME");
  if (!home) return std::string(text);
  const std::size_t rest = text.find_first_not_of('/', 1);
  return rest == std::string_view::npos ? *home : join_path(*home, text.substr(rest));
}

std::string range_text(const std::string& first, const std::string& last, bool inclusive) {
  return first + (inclusive ? "..=" : "..") + last;
}

/// A version's numbers as digits without leading zeros, to be compared whatever their length.
struct VersionOrder {
  std::array<std::string_view, 3> numbers = {"", "", ""};  ///< "" is zero
  std::optional<std::string_view> candidate;
};

std::string_view without_zeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

VersionOrder order_of(std::string_view version) {
  VersionOrder order;
  const std::size_t mark = version.find(k_candidate_mark);
  if (mark != std::string_view::npos) {
    order.candidate = without_zeros(version.substr(mark + k_candidate_mark.size()));
  }
  const auto parts = split(version.substr(0, mark), '.');
  for (std::size_t i = 0; i < parts.size() && i < order.numbers.size(); ++i) {
    order.numbers[i] = without_zeros(parts[i]);
  }
  return order;
}

bool is_less(std::string_view left, std::string_view right) {
  return left.size() != right.size() ? left.size() < right.size() : left < right;
}

bool is_older(const VersionOrder& left, const VersionOrder& right) {
  for (std::size_t i = 0; i < left.numbers.size(); ++i) {
    if (left.numbers[i] != right.numbers[i]) return is_less(left.numbers[i], right.numbers[i]);
  }
  if (!left.candidate) return false;  // nothing comes after the release
  return !right.candidate || is_less(*left.candidate, *right.candidate);
}

struct TextOf {
  std::string operator()(const KernelPath& id) const { return id.path; }
  std::string operator()(const KernelVersion& id) const { return id.text; }
  std::string operator()(const KernelCacheKey& id) const { return id.text; }
  std::string operator()(const KernelRange& id) const {
    return range_text(id.first, id.last, id.spelled_inclusive);
  }
  std::string operator()(const KernelGit& id) const {
    return std::string(k_git_prefix) + id.url + "#" + id.reference;
  }
};

}  // namespace

bool is_kernel_version(std::string_view text) {
  const std::size_t mark = text.find(k_candidate_mark);
  if (mark != std::string_view::npos) {
    if (!is_digits(text.substr(mark + k_candidate_mark.size()))) return false;
    text = text.substr(0, mark);
  }
  const auto parts = split(text, '.');
  if (parts.size() != 2 && parts.size() != 3) return false;
  for (const std::string_view part : parts) {
    if (!is_digits(part)) return false;
  }
  return true;
}

KernelId parse_kernel_id(std::string_view text, const Variables& variables) {
  if (auto git = parse_git(text)) return *std::move(git);
  if (auto range = parse_range(text, "..=")) return *std::move(range);
  if (auto range = parse_range(text, "..")) return *std::move(range);
  if (looks_like_path(text)) return KernelPath{expand_tilde(text, variables)};
  if (is_kernel_version(text)) return KernelVersion{std::string(text)};
  return KernelCacheKey{std::string(text)};
}

std::vector<KernelId> parse_kernel_list(std::string_view text, const Variables& variables) {
  std::vector<KernelId> ids;
  for (const std::string_view part : split(text, ',')) {
    const std::string_view trimmed = trim_unicode(part);
    if (!trimmed.empty()) ids.push_back(parse_kernel_id(trimmed, variables));
  }
  return ids;
}

std::string kernel_id_text(const KernelId& id) { return std::visit(TextOf{}, id); }

Result<void> validate_kernel_id(const KernelId& id) {
  const auto* range = std::get_if<KernelRange>(&id);
  if (range == nullptr || !is_older(order_of(range->last), order_of(range->first))) return {};
  return fail(ErrorCode::usage,
              "inverted kernel range `" + kernel_id_text(id) + "`; did you mean `" +
                  range_text(range->last, range->first, range->spelled_inclusive) + "`?");
}

}  // namespace ktstr
