// SPDX-License-Identifier: MIT
#pragma once

// One function for each thing that is private. Each looks at one place of a text and gives the
// length of what begins there; 0 for nothing. Each looks at a bounded number of bytes, or else at
// no more than it takes.

#include <cstddef>
#include <string>
#include <string_view>

namespace ktstr::private_matchers {

[[nodiscard]] bool is_word(
    char c);  ///< letter, digit, underscore, or part of a non-ASCII character

/// "file:///x", "https://host/x": with all that follows. `is_file` says which.
[[nodiscard]] std::size_t url(std::string_view text, std::size_t at, bool& is_file);
/// An absolute path, or "~/x", "~user". Slashes may be written as %2f or \u002f, too.
[[nodiscard]] std::size_t path(std::string_view text, std::size_t at);
/// The components of what path() found.
[[nodiscard]] std::size_t component_count(std::string_view path);
[[nodiscard]] std::string_view first_component(std::string_view path);
/// Directories of a system or its users.
[[nodiscard]] bool is_known_root(std::string_view component);
/// Those that are no less private behind something else ("-I/home/…").
[[nodiscard]] bool is_personal_root(std::string_view component);

[[nodiscard]] std::size_t uuid(std::string_view text, std::size_t at);
/// "UUID=…" and "PARTUUID=…", the names of disks by hardware ("wwn-0x…", "nvme-eui.…").
[[nodiscard]] std::size_t disk_id(std::string_view text, std::size_t at);
[[nodiscard]] std::size_t mac_address(std::string_view text, std::size_t at);
[[nodiscard]] std::size_t ipv4_address(std::string_view text, std::size_t at);
[[nodiscard]] std::size_t ipv6_address(std::string_view text, std::size_t at);
[[nodiscard]] std::size_t mail_address(std::string_view text, std::size_t at);
/// A whole word, in any case, with the domain that follows it.
[[nodiscard]] std::size_t host_name(std::string_view text, std::size_t at, const std::string& name);

}  // namespace ktstr::private_matchers
