// SPDX-License-Identifier: MIT
#include "environment/host_context.hpp"

#include <utility>

#include "base/text.hpp"
#include "environment/host_topology.hpp"
#include "ktstr/host.hpp"

namespace ktstr {
namespace {

constexpr const char* k_thp_directory = "/sys/kernel/mm/transparent_hugepage";

std::optional<std::string> if_utf8(std::string bytes) {
  if (!is_valid_utf8(bytes)) return std::nullopt;
  return bytes;
}

}  // namespace

HostCollector::HostCollector(FileSystem& file_system, std::string prefix,
                             KernelNamesSource kernel_names)
    : files_{file_system, std::move(prefix)}, kernel_names_(std::move(kernel_names)) {}

HostContext HostCollector::read_stable(const MemoryInfo& memory) const {
  HostContext host;
  CpuIdentity identity = read_cpu_identity(files_);
  host.cpu_model = std::move(identity.model);
  host.cpu_vendor = std::move(identity.vendor);
  host.total_memory_kib = memory.total_kib;
  host.hugepages_size_kib = memory.hugepages_size_kib;
  if (const auto topology = probe_host_topology(files_)) {
    host.online_cpus = topology->online_cpus;
    host.numa_nodes = topology->numa_nodes;
  }
  if (auto names = kernel_names_()) {
    host.kernel_name = if_utf8(std::move(names->name));
    host.kernel_release = if_utf8(std::move(names->release));
    host.arch = if_utf8(std::move(names->machine));
  }
  host.config_task_xacct = read_task_xacct(files_, host.kernel_release);
  return host;
}

HostContext HostCollector::remembered(const MemoryInfo& memory) {
  const std::lock_guard lock(mutex_);
  if (!stable_) stable_ = read_stable(memory);
  if (!governors_) governors_ = read_governors(files_);
  HostContext host = *stable_;
  host.cpufreq_governor = *governors_;
  return host;
}

HostContext HostCollector::collect() {
  const MemoryInfo memory = read_memory_info(files_);
  HostContext host = remembered(memory);
  host.hugepages_total = memory.hugepages_total;
  host.hugepages_free = memory.hugepages_free;
  host.thp_enabled = read_host_line(files_, std::string(k_thp_directory) + "/enabled");
  host.thp_defrag = read_host_line(files_, std::string(k_thp_directory) + "/defrag");
  host.sched_tunables = read_sched_tunables(files_);
  host.kernel_cmdline = read_host_line(files_, "/proc/cmdline");
  host.task_delayacct = read_task_delayacct(files_);
  return host;
}

HostContext collect_host_context() {
  static HostCollector collector(system_file_system(), "", system_kernel_names);
  return collector.collect();
}

}  // namespace ktstr
