// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>

#include "unit/record/record_text.hpp"

// Inputs that a quadratic or recursive decoder dies of. Each takes well under a second; the limit
// is wide, since the machine may be busy and the build instrumented, and far below what n*n would
// take.

namespace ktstr {
namespace {

using test::ObjectText;
using test::record_with;

constexpr std::chrono::seconds k_limit{30};

std::string list_of(const std::string& item, std::size_t count, char open, char close) {
  std::string out(1, open);
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    out += item;
  }
  return out + close;
}

/// Decoded both ways and encoded, in time.
void expect_linear(const std::string& json, Contract contract) {
  const auto start = std::chrono::steady_clock::now();
  const auto kept = decode_record(json, SampleHandling::keep);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->contract, contract) << kept->error;
  const std::string text = encode_record(kept->record);
  EXPECT_LT(text.size(), 400 * json.size());
  EXPECT_TRUE(decode_record(json, SampleHandling::reduce));
  EXPECT_LT(std::chrono::steady_clock::now() - start, k_limit);
}

TEST(DecoderHostile, DeepNesting) {
  constexpr std::size_t k_depth = 100'000;
  expect_linear(record_with("z", std::string(k_depth, '[') + std::string(k_depth, ']')),
                Contract::ok);
  expect_linear(ObjectText<Record>()
                    .set("test_name", std::string(k_depth, '[') + std::string(k_depth, ']'))
                    .text(),
                Contract::drift);
}

// Many values that need a mark in a text full of what marks are made of.
TEST(DecoderHostile, NulEscapes) {
  std::string nuls;
  for (int i = 0; i < 400'000; ++i) nuls += "\\u0000";
  expect_linear(ObjectText<Record>()
                    .add("nuls", '"' + nuls + '"')
                    .add("marked", list_of("-0", 200'000, '[', ']'))
                    .text(),
                Contract::ok);
}

TEST(DecoderHostile, UnknownKeys) {
  ObjectText<Record> record;
  for (int i = 0; i < 300'000; ++i) record.add("k", "1");
  expect_linear(record.text(), Contract::ok);
}

TEST(DecoderHostile, EqualMapKeys) {
  const std::string map = list_of("\"k\":1", 300'000, '{', '}');
  expect_linear(test::place<KvmStatsTotals>("{\"per_vcpu\":[" + map + "]}").json, Contract::ok);
  expect_linear(
      test::place<ScenarioStats>(ObjectText<ScenarioStats>().set("ext_metrics", map).text()).json,
      Contract::ok);
}

// Three bytes of text each; as objects of ours they would be a thousand times that.
TEST(DecoderHostile, EmptyObjectsWhereLargeOnesBelong) {
  const std::string json =
      test::place<ScenarioStats>(
          ObjectText<ScenarioStats>().set("cgroups", list_of("{}", 1'000'000, '[', ']')).text())
          .json;
  expect_linear(json, Contract::drift);
  const auto kept = decode_record(json, SampleHandling::keep);
  ASSERT_TRUE(kept);
  EXPECT_LT(kept->record.stats.cgroups.capacity(), 20'000U);
}

TEST(DecoderHostile, NumbersWhereObjectsBelong) {
  const std::string json =
      test::place<ScenarioStats>(
          ObjectText<ScenarioStats>().set("cgroups", list_of("1", 1'000'000, '[', ']')).text())
          .json;
  const auto kept = decode_record(json, SampleHandling::keep);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->record.stats.cgroups.capacity(), 0U);
}

TEST(DecoderHostile, LongNumbers) {
  const std::string digits(2'000'000, '7');
  expect_linear(record_with("z", digits), Contract::ok);
  expect_linear(record_with("z", "0." + digits + "e5"), Contract::ok);
  expect_linear(record_with("z", "[-0,1." + digits + "e-999999]"), Contract::ok);
}

}  // namespace
}  // namespace ktstr

// Not built with sanitizers: their shadow memory and quarantine are part of what the kernel counts,
// so the number would say nothing about the decoder.
#ifndef KTSTR_SANITIZED

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

// A lack of memory, wherever it strikes, is no verdict on a text. Not built with sanitizers, which
// bring an operator new of their own.
#ifndef KTSTR_SANITIZED

namespace {

// Of this thread: how many more allocations succeed, and whether those after the next one fail too.
thread_local long allowed = -1;
thread_local bool is_lasting = false;
thread_local bool was_refused = false;

bool is_refused() {
  if (allowed < 0) return false;
  if (allowed > 0) {
    --allowed;
    return false;
  }
  if (!is_lasting) allowed = -1;
  was_refused = true;
  return true;
}

}  // namespace

void* operator new(std::size_t size) {
  void* const memory = is_refused() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace ktstr {
namespace {

/// On a new thread, whose parser has no buffers yet, with the allocation of that number refused.
/// True once the decoding doesn't take so many.
bool decode_with_refused(const std::string& json, long number, bool lasting, Contract contract) {
  bool is_through = false;
  std::thread([&] {
    is_lasting = lasting;
    allowed = number;
    const auto decoded = decode_record(json, SampleHandling::reduce);
    allowed = -1;
    is_through = !was_refused;
    if (decoded) {
      EXPECT_EQ(decoded->contract, contract) << number;
    } else {
      EXPECT_EQ(decoded.error().code, ErrorCode::busy) << number << decoded.error().message;
    }
    // And this thread's parser is as good as new.
    const auto again = decode_record(json, SampleHandling::reduce);
    ASSERT_TRUE(again) << number << again.error().message;
    EXPECT_EQ(again->contract, contract) << number;
  }).join();
  return is_through;
}

void refuse_each(const std::string& json, Contract contract) {
  for (const bool lasting : {false, true}) {
    long number = 0;
    while (!decode_with_refused(json, number, lasting, contract)) {
      ASSERT_LT(++number, 20'000);
    }
    EXPECT_GT(number, 5);
  }
}

TEST(DecoderShortage, CallsNoRecordCorruptThatThereIsNoMemoryFor) {
  refuse_each(test::ObjectText<Record>().text(), Contract::ok);
}

TEST(DecoderShortage, CallsNoRecordCorruptThatNeedsTheExactReader) {
  // An integer that the fast parser refuses, below an unknown key.
  refuse_each(test::ObjectText<Record>().set("unknown", "[99999999999999999999999]").text(),
              Contract::ok);
}

}  // namespace
}  // namespace ktstr

#endif
