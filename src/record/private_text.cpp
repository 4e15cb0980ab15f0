// SPDX-License-Identifier: MIT
#include "record/private_text.hpp"

#include <algorithm>
#include <optional>

#include "record/private_matchers.hpp"

namespace ktstr {
namespace {

namespace match = private_matchers;

/// Goes through a text once.
class Finder {
 public:
  Finder(std::string_view text, TextKind kind, const std::vector<std::string>& host_names)
      : text_(text), kind_(kind), host_names_(host_names) {}

  std::vector<PrivateSpan> run() {
    std::vector<PrivateSpan> found;
    std::size_t base = 0;
    for (std::size_t at = 0; at < text_.size();) {
      auto span = span_at(at);
      if (!span) {
        ++at;
        continue;
      }
      // A limit in a matcher may have cut a character in two.
      while (span->end < text_.size() && is_continuation(text_[span->end])) ++span->end;
      found.push_back({base + span->begin, base + span->end, span->kind});
      // What follows stands behind a placeholder now, not behind what is gone.
      text_.remove_prefix(span->end);
      base += span->end;
      last_ = span->kind;
      at = 0;
    }
    return found;
  }

 private:
  using Length = std::size_t;

  static bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

  [[nodiscard]] std::optional<PrivateSpan> span_at(std::size_t at) const {
    const auto span = [&](Length length, PrivateKind kind) {
      return PrivateSpan{at, at + length, kind};
    };
    bool is_file = false;
    if (const Length length = match::url(text_, at, is_file)) {
      return span(length, is_file ? PrivateKind::path : PrivateKind::address);
    }
    if (const auto path = path_at(at)) return path;
    if (const Length length = match::mail_address(text_, at)) {
      return span(length, PrivateKind::address);
    }
    if (kind_ == TextKind::identity) return std::nullopt;
    if (const Length length = address_at(at)) return span(length, PrivateKind::address);
    Length length = match::uuid(text_, at);
    if (length == 0) length = match::disk_id(text_, at);
    if (length > 0) return span(length, PrivateKind::id);
    for (const std::string& name : host_names_) {
      if ((length = match::host_name(text_, at, name)) > 0) return span(length, PrivateKind::host);
    }
    return std::nullopt;
  }

  [[nodiscard]] Length address_at(std::size_t at) const {
    Length length = match::mac_address(text_, at);
    if (length == 0) length = match::ipv6_address(text_, at);
    if (length == 0 && kind_ != TextKind::version) length = match::ipv4_address(text_, at);
    return length;
  }

  [[nodiscard]] std::optional<PrivateSpan> path_at(std::size_t at) const {
    // Else each slash of a long relative path would be asked how far it goes.
    if (!starts_path(at) && !match::is_personal_root(first_component_at(at))) return std::nullopt;
    const Length length = match::path(text_, at);
    if (length == 0 || !is_private_path(at, text_.substr(at, length))) return std::nullopt;
    const bool is_disk = text_.substr(at).starts_with("/dev/disk/by-");
    if (kind_ != TextKind::cgroup) {
      return PrivateSpan{at, at + length, is_disk ? PrivateKind::id : PrivateKind::path};
    }
    return PrivateSpan{at, at + length - kept_leaf(text_.substr(at, length)), PrivateKind::path};
  }

  [[nodiscard]] bool is_private_path(std::size_t at, std::string_view path) const {
    if (path.front() == '~') return kind_ != TextKind::identity;
    const std::string_view first = match::first_component(path);
    const std::size_t components = match::component_count(path);
    if (!starts_path(at)) {
      // "a/home/b" is a path below something; a test may be named so.
      return kind_ != TextKind::identity && components > 1 && match::is_personal_root(first);
    }
    if (components > 1 && kind_ != TextKind::cgroup) return true;
    if (match::is_known_root(first)) return components > 1 || kind_ == TextKind::free;
    // "/s" is a unit, "/cg_0" a control group.
    constexpr std::size_t k_shortest = 3;
    return kind_ == TextKind::free && first.size() >= k_shortest && !first.starts_with("cg") &&
           match::is_word(first.front());
  }

  [[nodiscard]] std::string_view first_component_at(std::size_t at) const {
    constexpr std::size_t k_longest_root = 32;
    return match::first_component(text_.substr(at, k_longest_root));
  }

  /// Not in the middle of a relative path, nor behind a placeholder.
  [[nodiscard]] bool starts_path(std::size_t at) const {
    if (at == 0) return last_ != PrivateKind::path && last_ != PrivateKind::address;
    const char before = text_[at - 1];
    if (text_.substr(0, at).ends_with(placeholder(PrivateKind::path)) ||
        text_.substr(0, at).ends_with(placeholder(PrivateKind::address))) {
      return false;
    }
    return !match::is_word(before) &&
           std::string_view(".-)]}%*~/").find(before) == std::string_view::npos;
  }

  /// How much of the end of a group's path can stay, so that groups can still be told apart.
  static Length kept_leaf(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos || slash == 0) return 0;
    const std::string_view leaf = path.substr(slash + 1);
    const bool is_plain = !leaf.empty() && std::all_of(leaf.begin(), leaf.end(), [](char c) {
      return match::is_word(c) || c == '-';
    });
    const bool is_personal = leaf.starts_with("user") || leaf.starts_with("session") ||
                             leaf.starts_with("machine") || !path.starts_with("/sys/fs/cgroup/");
    return is_plain && !is_personal ? leaf.size() + 1 : 0;
  }

  std::string_view text_;  ///< behind the last finding
  std::optional<PrivateKind> last_ = std::nullopt;
  TextKind kind_;
  const std::vector<std::string>& host_names_;
};

}  // namespace

std::string_view placeholder(PrivateKind kind) {
  switch (kind) {
    case PrivateKind::address:
      return "<address>";
    case PrivateKind::id:
      return "<id>";
    case PrivateKind::host:
      return "<host>";
    case PrivateKind::path:
      break;
  }
  return "<path>";
}

std::vector<PrivateSpan> find_private(std::string_view text, TextKind kind,
                                      const std::vector<std::string>& host_names) {
  return Finder(text, kind, host_names).run();
}

}  // namespace ktstr
