// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "privacy/patterns.hpp"

// Finds what in a text tells where it was made, by the table of patterns and by names. It errs
// towards finding too much.

namespace ktstr {

/// "<path>", "<address>", "<id>", "<host>", "<secret>".
[[nodiscard]] std::string_view placeholder(PrivateKind kind);
/// It is one of these, with or without a number or a key behind the word.
[[nodiscard]] bool is_placeholder(std::string_view text);

struct PrivateSpan {
  std::size_t begin = 0;
  std::size_t end = 0;  ///< behind it
  PrivateKind kind = PrivateKind::path;
};

/// Names of machines, to be found in any case and, unless they are short or plain words, within
/// words, too. Names of less than three characters and common words ("localhost") are passed over.
class HostNames {
 public:
  explicit HostNames(const std::vector<std::string>& names = {});
  ~HostNames();
  HostNames(HostNames&&) noexcept;
  HostNames& operator=(HostNames&&) noexcept;

  /// Those that are looked for, lower-case, with the first labels of those with a domain.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// Adds what it finds, in no order. Linear. Thread-safe.
  void find(std::string_view text, std::vector<PrivateSpan>& found) const;

 private:
  struct Patterns;

  std::vector<std::string> names_;
  std::unique_ptr<const Patterns> patterns_;
};

/// The private parts of a text, in order, none overlapping or touching a placeholder. Linear in the
/// text's size. Pure; thread-safe.
[[nodiscard]] std::vector<PrivateSpan> find_private(std::string_view text, TextKind kind,
                                                    const HostNames& hosts);

/// A parameter of a kernel's command line that changes how it schedules: what a reader of results
/// needs to know about the machine. Dashes and underscores are the same, as they are to the kernel.
[[nodiscard]] bool is_scheduling_parameter(std::string_view name);

struct ReducedBootLine {
  std::string text;  ///< the parameters that stay, as written, in order
  std::size_t removed = 0;
};
/// Keeps the scheduling parameters whose values hold nothing private. The rest (disks, consoles,
/// addresses of log hosts) goes with its name, since a name can be as telling. Pure; thread-safe.
[[nodiscard]] ReducedBootLine reduce_boot_line(std::string_view line, const HostNames& hosts);

}  // namespace ktstr
