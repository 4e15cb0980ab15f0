// SPDX-License-Identifier: MIT

// A lack of memory, wherever it strikes, is no verdict on a text. Not built with sanitizers, which
// bring an operator new of their own.
#ifndef KTSTR_SANITIZED

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>
#include <thread>

#include "unit/record/record_text.hpp"

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
