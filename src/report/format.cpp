// SPDX-License-Identifier: MIT
#include "report/format.hpp"

#include "base/text.hpp"
#include "base/visible_text.hpp"

namespace ktstr {

const std::vector<std::string>& format_names() {
  static const std::vector<std::string> names = {"table", "json", "jsonl", "csv", "markdown"};
  return names;
}

const char* format_name(Format format) {
  return format_names()[static_cast<std::size_t>(format)].c_str();
}

Result<Format> parse_format(std::string_view name) {
  const auto& names = format_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Format>(i);
  }
  std::string message = "'" + escape_control(name) + "' is not an output format";
  if (const auto near = closest(name, names)) message += "; did you mean '" + *near + "'?";
  return fail(ErrorCode::usage, message, {}, "formats: table, json, jsonl, csv, markdown");
}

}  // namespace ktstr
