// SPDX-License-Identifier: MIT
#include <cstdio>
#include <filesystem>

#include "options.hpp"
#include "plan.hpp"
#include "pool_writer.hpp"

namespace ktstr::sample {
namespace {

int report(const Error& error) {
  std::fprintf(stderr, "sample-pool: %s\n", error.text().c_str());
  return error.code == ErrorCode::usage ? 2 : 3;
}

/// A manifest in the pool would be a file that no harness writes.
bool is_inside(const std::string& file, const std::string& directory) {
  std::error_code ignored;
  const auto inner = std::filesystem::weakly_canonical(std::filesystem::absolute(file), ignored);
  const auto outer =
      std::filesystem::weakly_canonical(std::filesystem::absolute(directory), ignored);
  const auto relative = inner.lexically_relative(outer);
  return !relative.empty() && *relative.begin() != "..";
}

std::string summary_line(const PoolSummary& summary, const std::string& root) {
  std::uint64_t total = 0;
  std::string parts;
  for (std::size_t i = 0; i < k_intended_count; ++i) {
    total += summary.sidecars[i];
    parts += (i == 0 ? "" : ", ") + std::to_string(summary.sidecars[i]) + ' ' +
             intended_name(static_cast<Intended>(i));
  }
  return std::to_string(total) + " synthetic sidecars (" + parts + ") in " +
         std::to_string(summary.run_directories) + " run directories, " +
         std::to_string(summary.bytes / 1'000'000) + " MB: " + root + '\n';
}

Result<void> make_pool(const Options& options, const Plan& plan) {
  if (!options.manifest.empty() && is_inside(options.manifest, options.out)) {
    return fail(ErrorCode::usage, "the manifest must be outside of the pool", options.manifest);
  }
  auto summary = PoolWriter(options, plan, system_file_system()).write();
  if (!summary) return fail(summary.error());
  if (!options.manifest.empty()) {
    auto written = system_file_system().write_file(options.manifest, summary->manifest);
    if (!written) return written;
  }
  std::fputs(summary_line(*summary, options.out).c_str(), stdout);
  return {};
}

int run(int argc, char** argv) {
  const auto options = parse_options(argc, argv);
  if (!options) return report(options.error());
  if (options->help) {
    std::fputs(usage_text().c_str(), stdout);
    return 0;
  }
  const Plan plan = make_plan(*options);
  if (!options->out.empty()) {
    if (auto made = make_pool(*options, plan); !made) return report(made.error());
  }
  if (options->describe) std::fputs(describe(*options, plan).c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace ktstr::sample

int main(int argc, char** argv) { return ktstr::sample::run(argc, argv); }
