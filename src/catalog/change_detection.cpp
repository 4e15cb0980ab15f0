// SPDX-License-Identifier: MIT
#include "catalog/change_detection.hpp"

#include <algorithm>

namespace ktstr {
namespace {

LookReason stamp_look(const std::optional<KnownStamp>& known, const Stamp& current) {
  if (!known) return LookReason::added;
  // Equality only: an older stamp is a change too (a restored copy, a clock that went back).
  if (!(known->stamp == current)) return LookReason::stamp;
  return known->settled ? LookReason::unchanged : LookReason::unsettled;
}

}  // namespace

std::optional<CheckLevel> check_level(std::string_view name) {
  if (name == "none") return CheckLevel::none;
  if (name == "dirs") return CheckLevel::dirs;
  if (name == "files") return CheckLevel::files;
  if (name == "bytes") return CheckLevel::bytes;
  return std::nullopt;
}

std::string_view look_reason_name(LookReason reason) {
  constexpr std::string_view names[] = {"unchanged", "added", "stamp",
                                        "unsettled", "level", "links"};
  return names[static_cast<std::size_t>(reason)];
}

KnownStamp known_stamp(const Stamp& stamp, std::int64_t before_ns, std::int64_t after_ns) {
  const std::int64_t earlier_ns = std::min(before_ns, after_ns);
  const std::int64_t later_ns = std::max(before_ns, after_ns);
  const bool is_old = stamp.ctime_ns < earlier_ns && is_settled(stamp, earlier_ns);
  const bool is_ahead = stamp.ctime_ns > later_ns && is_settled(stamp, later_ns);
  return {stamp, is_old || is_ahead};
}

LookReason file_look(const std::optional<KnownStamp>& known, const Stamp& current,
                     CheckLevel level) {
  const LookReason reason = stamp_look(known, current);
  if (reason != LookReason::unchanged) return reason;
  return level == CheckLevel::bytes ? LookReason::level : LookReason::unchanged;
}

LookReason directory_look(const std::optional<KnownStamp>& known, const Stamp& current,
                          bool has_links, CheckLevel level) {
  const LookReason reason = stamp_look(known, current);
  if (reason != LookReason::unchanged) return reason;
  if (has_links) return LookReason::links;
  return level == CheckLevel::dirs ? LookReason::unchanged : LookReason::level;
}

}  // namespace ktstr
