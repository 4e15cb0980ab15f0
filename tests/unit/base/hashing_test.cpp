// SPDX-License-Identifier: MIT
#include "base/hashing.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/text.hpp"

namespace ktstr {
namespace {

std::string sip_hex(std::string_view bytes) { return hex16(siphash13(bytes, 0, 0)); }

TEST(SipHash13, GivesTheHarnesssHashOfAVariantWithEmptyLists) {
  EXPECT_EQ(sip_hex(R"({"kargs":[],"payload":null,"scheduler":"eevdf","sysctls":[],)"
                    R"("topology":"1n1l1c1t","work_type":""})"),
            "36ceceea5c2beda7");
}

TEST(SipHash13, GivesTheHarnesssHashOfAVariantWithSysctlsAndArguments) {
  EXPECT_EQ(sip_hex(R"({"kargs":["nosmt"],"payload":null,"scheduler":"scx-ktstr",)"
                    R"("sysctls":["sysctl.kernel.sched_cfs_bandwidth_slice_us=1000"],)"
                    R"("topology":"1n2l4c1t","work_type":"SpinWait"})"),
            "5a5b5775a01a425f");
}

TEST(SipHash13, GivesTheHarnesssHashOfTheVariantInItsGuide) {
  EXPECT_EQ(sip_hex(R"({"kargs":[],"payload":null,"scheduler":"my_sched","sysctls":[],)"
                    R"("topology":"1n1l2c1t","work_type":"SpinWait"})"),
            "2ecd2624f3df7276");
}

TEST(SipHash13, GivesTheHarnesssHashOfAVariantWithAPayload) {
  EXPECT_EQ(sip_hex(R"({"kargs":["a","b"],"payload":"fio","scheduler":"eevdf",)"
                    R"("sysctls":["sysctl.a=1","sysctl.b=2"],"topology":"1n1l2c1t",)"
                    R"("work_type":"SpinWait"})"),
            "e7b12431b451230f");
}

TEST(SipHash13, DependsOnBothHalvesOfTheKey) {
  EXPECT_NE(siphash13("x", 0, 0), siphash13("x", 1, 0));
  EXPECT_NE(siphash13("x", 0, 0), siphash13("x", 0, 1));
}

TEST(SipHash13, CountsTrailingZeroBytes) {
  EXPECT_NE(siphash13({}, 0, 0), siphash13(std::string_view("\0", 1), 0, 0));
}

TEST(SipHash13, TakesBytesAbove127AsUnsigned) {
  // The last, partial word: a signed byte would flood the upper bits.
  EXPECT_NE(siphash13("\xFF", 0, 0), siphash13("\xFF\xFF", 0, 0));
  EXPECT_NE(siphash13("a\x80", 0, 0), siphash13("b\x80", 0, 0));
}

TEST(ContentId, OfNoBytesIsThePublishedValue) {
  EXPECT_EQ(content_id(""), "99aa06d3014798d86001c324468d497f");
}

TEST(ContentId, DiffersForDifferentBytes) { EXPECT_NE(content_id("{}"), content_id("{ }")); }

TEST(Xxh3, OfNoBytesIsThePublishedValue) { EXPECT_EQ(hex16(xxh3_64("")), "2d06800538d394c2"); }

}  // namespace
}  // namespace ktstr
