// SPDX-License-Identifier: MIT
#include "record/record.hpp"

#include <algorithm>

#include "base/hashing.hpp"
#include "base/text.hpp"
#include "ktstr/record.hpp"

namespace ktstr {

std::uint64_t KvmStatsTotals::sum(const std::string& name) const {
  std::uint64_t total = 0;
  for (const auto& vcpu : per_vcpu) {
    for (const auto& [key, value] : vcpu) {
      if (key == name) total += value;
    }
  }
  return total;
}

std::uint64_t KvmStatsTotals::avg(const std::string& name) const {
  return per_vcpu.empty() ? 0 : sum(name) / per_vcpu.size();
}

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::fail:
      return "fail";
    case Verdict::skip:
      return "skip";
    case Verdict::inconclusive:
      return "inconclusive";
  }
  return "fail";
}

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
