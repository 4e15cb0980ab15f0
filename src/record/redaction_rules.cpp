// SPDX-License-Identifier: MIT
#include "record/redaction_rules.hpp"

#include <array>
#include <tuple>

#include "record/fields.hpp"

namespace ktstr {
namespace {

struct FieldRule {
  std::string_view key;
  Treatment treatment;
};

constexpr std::array<FieldRule, 42> k_field_rules = {{
    {"kernel_cmdline", Treatment::boot_line},
    {"boot_cmdline", Treatment::boot_line},
    {"hostname", Treatment::whole_host},
    {"host_name", Treatment::whole_host},
    {"nodename", Treatment::whole_host},
    {"domainname", Treatment::whole_host},
    {"fqdn", Treatment::whole_host},
    {"serial", Treatment::whole_id},
    {"serial_number", Treatment::whole_id},
    {"wwn", Treatment::whole_id},
    {"wwid", Treatment::whole_id},
    {"disk_id", Treatment::whole_id},
    {"machine_id", Treatment::whole_id},
    {"boot_id", Treatment::whole_id},
    {"product_uuid", Treatment::whole_id},
    {"username", Treatment::whole_address},
    {"user_name", Treatment::whole_address},
    {"email", Treatment::whole_address},
    {"test_name", Treatment::identity},
    {"topology", Treatment::identity},
    {"scheduler", Treatment::identity},
    {"scheduler_commit", Treatment::identity},
    {"project_commit", Treatment::identity},
    {"kernel_commit", Treatment::identity},
    {"payload", Treatment::identity},
    {"work_type", Treatment::identity},
    {"resolve_source", Treatment::identity},
    {"run_source", Treatment::identity},
    {"run_id", Treatment::identity},
    {"timestamp", Treatment::identity},
    {"throughput_denomination", Treatment::identity},
    {"metric", Treatment::identity},
    {"unit", Treatment::identity},
    {"polarity", Treatment::identity},
    {"stream", Treatment::identity},
    {"direction", Treatment::identity},
    {"arch", Treatment::identity},
    {"cpu_vendor", Treatment::identity},
    {"cpu_model", Treatment::identity},
    {"kernel_version", Treatment::version},
    {"kernel_release", Treatment::version},
    {"version", Treatment::version},
}};

template <typename T>
bool is_key_of(std::string_view key) {
  return std::apply([&](const auto&... field) { return ((field.key == key) || ...); },
                    Fields<T>::k_table);
}

}  // namespace

Treatment treatment_of(std::string_view key) {
  for (const FieldRule& rule : k_field_rules) {
    if (rule.key == key) return rule.treatment;
  }
  // A path as a key ("/sys/fs/cgroup/…") says nothing about the texts below it.
  const bool is_name = key.find_first_of("/\\%~ ") == std::string_view::npos;
  const bool is_cgroup = is_name && (key.find("cgroup") != std::string_view::npos ||
                                     key.find("cgrp") != std::string_view::npos);
  return is_cgroup ? Treatment::cgroup : Treatment::text;
}

bool is_record_key(std::string_view key) {
  return is_key_of<Record>(key) || is_key_of<HostContext>(key) || is_key_of<HostHeapState>(key) ||
         is_key_of<MonitorSummary>(key) || is_key_of<ScenarioStats>(key) ||
         is_key_of<PhaseBucket>(key) || is_key_of<PhaseCgroupStats>(key) ||
         is_key_of<CgroupStats>(key) || is_key_of<StimulusEvent>(key) ||
         is_key_of<PayloadMetrics>(key) || is_key_of<Metric>(key) ||
         is_key_of<ProgVerifierStats>(key) || is_key_of<ProgStatsDelta>(key) ||
         is_key_of<PerfDeltaAssertionRecord>(key);
}

}  // namespace ktstr
