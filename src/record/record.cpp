// SPDX-License-Identifier: MIT
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

}  // namespace ktstr
