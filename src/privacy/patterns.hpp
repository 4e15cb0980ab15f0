// SPDX-License-Identifier: MIT
#pragma once

// The one table of what is private: in a text by its shape, below a key by the key's meaning. RE2
// takes time in proportion to the text, whatever the text is.

#include <span>
#include <string>
#include <string_view>

namespace ktstr {

enum class PrivateKind { path, address, id, host, secret, boot_line };

/// What kind of text it is; decides which patterns count.
enum class TextKind {
  free,      ///< anything
  identity,  ///< names a test, scheduler, metric, …
  version,   ///< holds versions: 6.14.2.1 is no address there
  commit,    ///< a commit may be cut to any length
  cgroup,    ///< a control group's name, which begins with a slash without being a path
};

/// What a finding has to be beside its shape, where a regular expression can't say it.
enum class Check {
  none,
  letter,        ///< has a letter
  letter_digit,  ///< has both
  varied_hex,    ///< has both, and isn't a mask: five different digits
  ipv6_short,    ///< a decimal digit, or three groups: "a::b" names something in a program
  ipv6_whole,    ///< a letter, or twelve digits: "1:2:3:4:5:6:7:8" counts something
  mixed,         ///< a capital, a small letter and a digit
  named,         ///< not a word that only says what follows: "Basic", "version"
  unredacted,    ///< doesn't begin with a placeholder
};

struct PrivatePattern {
  PrivateKind kind = PrivateKind::path;
  unsigned text_kinds = 0;  ///< bits of those it counts in
  const char* regex = "";   ///< group 1 is what is private; {name} stands for a definition
  Check check = Check::none;
  unsigned keeps = 0;  ///< bits of the kinds that nothing within its match is of
};
/// Of two findings of one kind that begin at one place, the one that stands first here counts.
[[nodiscard]] std::span<const PrivatePattern> private_patterns();
/// With its definitions put in.
[[nodiscard]] std::string expanded(std::string_view regex);

[[nodiscard]] constexpr unsigned bit_of(TextKind kind) { return 1U << static_cast<unsigned>(kind); }
[[nodiscard]] constexpr unsigned bit_of(PrivateKind kind) {
  return 1U << static_cast<unsigned>(kind);
}

/// What is done with the strings of a field. The whole_ ones go whatever they say.
enum class Treatment {
  text,
  identity,
  version,
  commit,
  cgroup,
  boot_line,
  whole_id,
  whole_host,
  whole_address,
  whole_secret
};

struct KeyPattern {
  const char* regex = "";  ///< matches the whole key, in any case; {name} as in a pattern
  Treatment treatment = Treatment::text;
};
/// The first that fits counts.
[[nodiscard]] std::span<const KeyPattern> key_patterns();

/// Words that no machine's name makes private: they stand in every record.
[[nodiscard]] std::span<const std::string_view> common_words();

}  // namespace ktstr
