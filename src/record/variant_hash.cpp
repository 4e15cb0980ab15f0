// SPDX-License-Identifier: MIT
#include "ktstr/variant_hash.hpp"

#include <algorithm>

#include "base/hashing.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"

namespace ktstr {
namespace {

void append_sorted(std::string& out, std::vector<std::string> items) {
  std::sort(items.begin(), items.end());
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, items[i]);
  }
  out += ']';
}

}  // namespace

std::uint64_t variant_hash(const VariantParts& parts) {
  std::string canonical = "{\"kargs\":";
  append_sorted(canonical, parts.kargs);
  canonical += ",\"payload\":";
  if (parts.payload) {
    append_json_string(canonical, *parts.payload);
  } else {
    canonical += "null";
  }
  canonical += ",\"scheduler\":";
  append_json_string(canonical, parts.scheduler);
  canonical += ",\"sysctls\":";
  append_sorted(canonical, parts.sysctls);
  canonical += ",\"topology\":";
  append_json_string(canonical, parts.topology);
  canonical += ",\"work_type\":";
  append_json_string(canonical, parts.work_type);
  canonical += '}';
  return siphash13(canonical, 0, 0);
}

std::uint64_t variant_hash(const Record& record) {
  return variant_hash(VariantParts{record.topology, record.scheduler, record.payload,
                                   record.work_type, record.sysctls, record.kargs});
}

std::string variant_hash_text(std::uint64_t hash) { return hex16(hash); }

}  // namespace ktstr
