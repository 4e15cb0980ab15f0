// SPDX-License-Identifier: MIT
#pragma once

// What in a text tells where it was made: paths, addresses, disk ids, host names. It errs towards
// finding too much, except in the fields that results are told apart by.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ktstr {

enum class PrivateKind { path, address, id, host };
/// "<path>", "<address>", "<id>", "<host>".
[[nodiscard]] std::string_view placeholder(PrivateKind kind);

/// What kind of text it is; decides which findings count.
enum class TextKind {
  free,      ///< anything
  identity,  ///< names a test, scheduler, metric, …: only what can be nothing else is found
  version,   ///< holds versions: 6.14.2.1 is no address there
  cgroup,    ///< a control group's name, which begins with a slash without being a path
};

struct PrivateSpan {
  std::size_t begin = 0;
  std::size_t end = 0;  ///< behind it
  PrivateKind kind = PrivateKind::path;
};

/// The private parts of a text, in order, none overlapping. `host_names` are found as whole words
/// in any case. Linear in the text's size. Pure; thread-safe.
[[nodiscard]] std::vector<PrivateSpan> find_private(std::string_view text, TextKind kind,
                                                    const std::vector<std::string>& host_names);

}  // namespace ktstr
