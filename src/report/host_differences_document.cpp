// SPDX-License-Identifier: MIT
#include "report/host_differences_document.hpp"

namespace ktstr {

JsonArray host_differences_document(const std::vector<HostDifference>& differences) {
  JsonArray list;
  for (const HostDifference& difference : differences) {
    list.emplace_back(JsonObject()
                          .add("field", difference.name)
                          .add("a", difference.before)
                          .add("b", difference.after));
  }
  return list;
}

}  // namespace ktstr
