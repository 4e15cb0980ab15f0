// SPDX-License-Identifier: MIT
#include "environment/own_host_names.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/file_system.hpp"
#include "base/text.hpp"

namespace ktstr {
namespace {

std::string text_of(const char* path) {
  constexpr std::uint64_t k_most_bytes = 1 << 20;
  const auto file = system_file_system().open_file(path);
  return file ? (*file)->read_all(k_most_bytes).value_or(std::string()) : std::string();
}

}  // namespace

std::vector<std::string> host_aliases(std::string_view hosts_text,
                                      const std::vector<std::string>& known) {
  std::vector<std::string> aliases;
  for (const std::string_view line : split(hosts_text, '\n')) {
    std::istringstream words(std::string(line.substr(0, line.find('#'))));
    std::string address;
    std::vector<std::string> names;
    words >> address;
    for (std::string name; words >> name;) names.push_back(std::move(name));
    const bool is_ours = address == "127.0.1.1" ||
                         std::any_of(names.begin(), names.end(), [&](const std::string& name) {
                           return std::find(known.begin(), known.end(), name) != known.end();
                         });
    if (is_ours) aliases.insert(aliases.end(), names.begin(), names.end());
  }
  return aliases;
}

std::vector<std::string> own_host_names() {
  constexpr std::size_t k_longest_name = 256;
  std::vector<std::string> names;
  std::array<char, k_longest_name> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) == 0) names.emplace_back(buffer.data());
  const std::string stored(trim(text_of("/etc/hostname")));
  if (!stored.empty() && stored.find('\n') == std::string::npos) names.push_back(stored);
  const std::vector<std::string> aliases = host_aliases(text_of("/etc/hosts"), names);
  names.insert(names.end(), aliases.begin(), aliases.end());
  return names;
}

}  // namespace ktstr
