// SPDX-License-Identifier: MIT
#include "report/padded_name.hpp"

#include "base/text.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {

std::string padded_name(std::string_view name, std::size_t width) {
  std::string shown = printable(name);
  std::size_t scalars = 0;
  for (std::string_view rest = shown; !rest.empty(); ++scalars) {
    rest.remove_prefix(first_utf8_sequence(rest).length);
  }
  if (scalars < width) shown.append(width - scalars, ' ');
  return shown;
}

}  // namespace ktstr
