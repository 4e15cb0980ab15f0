// SPDX-License-Identifier: MIT
#include "report/plain.hpp"

#include <algorithm>

#include "report/display_width.hpp"
#include "report/row_formatter.hpp"
#include "report/table_layout.hpp"

namespace ktstr {

std::string facts_text(const std::vector<Fact>& facts) {
  int width = 0;
  for (const Fact& fact : facts) width = std::max(width, display_width(printable(fact.name)));
  std::string out;
  for (const Fact& fact : facts) {
    append_padded(out, printable(fact.name), width + k_gutter, false);
    out += (fact.value.empty() ? "-" : printable(fact.value)) + "\n";
  }
  return out;
}

}  // namespace ktstr
