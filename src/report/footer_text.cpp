// SPDX-License-Identifier: MIT
#include "base/shell_text.hpp"
#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "ktstr/footer.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_label_columns = 13;

/// As the harness shows a path, but in one line whatever bytes are in it.
std::string shown(const std::string& text) { return escape_control(lossy_utf8(text)); }

void append_detail(std::string& out, std::string label, const std::string& value) {
  label.resize(k_label_columns, ' ');
  out += "      " + label + " " + value + "\n";
}

void append_path(std::string& out, const char* label, const std::optional<std::string>& path) {
  if (path) append_detail(out, label, shown(*path));
}

void append_test(std::string& out, const FailedTest& test) {
  const std::string name = shown(test.test_name);
  out += "    FAILED  " + name;
  if (test.scheduler && test.topology) {
    out += "  [" + shown(*test.scheduler) + " " + shown(*test.topology) + "]";
  }
  out += "\n";
  append_path(out, "failure dump", test.failure_dump);
  append_path(out, "repro dump", test.repro_dump);
  for (const std::string& path : test.stats) append_path(out, "stats", path);
  append_path(out, "wprof", test.wprof);
  append_path(out, "repro wprof", test.repro_wprof);
  if (test.replayable) {
    append_detail(out, "replay",
                  "cargo ktstr replay " + shell_option("--filter", test.test_name) + " --exec");
  }
}

}  // namespace

std::string footer_text(const std::vector<RunDirectorySummary>& directories) {
  if (directories.empty()) return {};
  std::string out = "\ncargo ktstr: test outputs\n";
  for (const RunDirectorySummary& directory : directories) {
    out += "  " + shown(directory.path) + "\n";
    for (const FailedTest& test : directory.failed) append_test(out, test);
    out += "    (" + std::to_string(directory.stats_sidecars) + " stats sidecar(s), " +
           std::to_string(directory.wprof_traces) + " wprof trace(s) written this run)\n";
  }
  return out;
}

}  // namespace ktstr
