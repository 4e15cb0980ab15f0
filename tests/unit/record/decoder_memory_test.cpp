// SPDX-License-Identifier: MIT

// Not built with sanitizers: their shadow memory and quarantine are part of what the kernel counts,
// so the number would say nothing about the decoder.
#ifndef KTSTR_SANITIZED

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "unit/record/record_text.hpp"

namespace ktstr {
namespace {

using test::ObjectText;
using test::place;

struct Usage {
  long text_bytes = 0;
  long grown_bytes = 0;  ///< peak over what the process had before it made the text
  bool is_ok = false;
};

/// One sample a line, as the harness writes them.
std::string samples_json(std::size_t count) {
  std::string out = "[";
  for (std::size_t i = 0; i < count; ++i) {
    out += i == 0 ? "\n              " : ",\n              ";
    out += std::to_string(10'000 + i * 7919 % 90'000);
  }
  return out + "\n            ]";
}

/// With spare room behind it, as a file is read for the decoder.
std::string latency_record() {
  std::string json;
  json.reserve(6'000'000);
  json = place<PhaseCgroupStats>(ObjectText<PhaseCgroupStats>()
                                     .set("wake_latencies_ns", "\"WAKE\"")
                                     .set("timer_latencies_ns", "\"TIMER\"")
                                     .text())
             .json;
  json.reserve(6'000'000);
  for (const char* name : {"\"WAKE\"", "\"TIMER\""}) {
    const std::size_t at = json.find(name);
    json.replace(at, std::string(name).size(), samples_json(115'000));
  }
  return json;
}

long resident_bytes() {
  long pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "r"); file != nullptr) {
    if (std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * sysconf(_SC_PAGESIZE);
}

/// In a process of its own: the peak is one that can't be reset.
Usage measure_in_child() {
  Usage usage;
  const std::string source = latency_record();
  const long before = resident_bytes() - static_cast<long>(source.size());
  const auto result = decode_record(source, SampleHandling::reduce);
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  usage.text_bytes = static_cast<long>(source.size());
  usage.grown_bytes = used.ru_maxrss * 1024 - before;
  usage.is_ok =
      result && result->contract == Contract::ok &&
      result->record.stats.phases.at(0).per_cgroup.at("g").timer_latencies_ns.reduced.n == 115'000;
  return usage;
}

TEST(DecoderMemory, WithSamplesReducedIsAtMostThreeTimesTheText) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    malloc_trim(0);
    const Usage usage = measure_in_child();
    const bool sent = write(ends[1], &usage, sizeof usage) == static_cast<ssize_t>(sizeof usage);
    _exit(sent ? 0 : 1);
  }
  close(ends[1]);
  Usage usage;
  const ssize_t received = read(ends[0], &usage, sizeof usage);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(received, static_cast<ssize_t>(sizeof usage));
  ASSERT_TRUE(usage.is_ok);
  EXPECT_GT(usage.text_bytes, 4'500'000);
  EXPECT_GT(usage.grown_bytes, usage.text_bytes)
      << "the text itself counts, else this measures nothing";
  EXPECT_LE(usage.grown_bytes, 3 * usage.text_bytes);
  RecordProperty("percent_of_text", static_cast<int>(100 * usage.grown_bytes / usage.text_bytes));
}

}  // namespace
}  // namespace ktstr

#endif
