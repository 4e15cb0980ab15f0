// SPDX-License-Identifier: MIT
#include "library/archive_pack_words.hpp"

#include <unistd.h>

#include <array>

namespace ktstr {

std::vector<std::string> own_host_names() {
  constexpr std::size_t k_longest_name = 256;
  std::array<char, k_longest_name> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0) return {};
  const std::string name = buffer.data();
  std::vector<std::string> names{name};
  if (const std::size_t dot = name.find('.'); dot != std::string::npos) {
    names.push_back(name.substr(0, dot));
  }
  return names;
}

std::string PackWords::without(const std::string& value, TextKind kind, bool only_hosts) {
  std::string out;
  std::size_t copied = 0;
  for (const PrivateSpan& span : find_private(value, kind, host_names_)) {
    if (only_hosts && span.kind != PrivateKind::host) continue;
    out.append(value, copied, span.begin - copied).append(placeholder(span.kind));
    copied = span.end;
    std::size_t* const counts[] = {&counts_.paths, &counts_.addresses, &counts_.ids,
                                   &counts_.hosts};
    ++*counts[static_cast<std::size_t>(span.kind)];
  }
  return out.append(value, copied);
}

std::string PackWords::text(const std::string& value) {
  return without(value, TextKind::free, false);
}

std::string PackWords::name(const std::string& value) {
  return without(value, TextKind::version, true);
}

}  // namespace ktstr
