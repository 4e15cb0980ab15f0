// SPDX-License-Identifier: MIT
#include "record/redaction.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "ktstr/record_json.hpp"
#include "ktstr/variant_hash.hpp"
#include "record/synthetic.hpp"
#include "support/shared_data.hpp"

namespace {

using ktstr::ErrorCode;
using ktstr::redact;
using ktstr::RedactedText;
using ktstr::RedactionOptions;
using testing::HasSubstr;
using testing::Not;

RedactedText redacted(const std::string& json, const RedactionOptions& options = {}) {
  auto done = redact(json, options);
  EXPECT_TRUE(done) << json;
  return done ? *done : RedactedText();
}

/// What becomes of a text below some key.
std::string value_of(const std::string& text, const std::string& key = "detail",
                     const RedactionOptions& options = {}) {
  const std::string before = "{\"" + key + "\":\"";
  const std::string json = redacted(before + text + "\"}", options).json;
  return json.substr(before.size(), json.size() - before.size() - 2);
}

TEST(RedactedPath, IsAPlaceholder) {
  EXPECT_EQ(value_of("/home/alice/linux/vmlinux"), "<path>");
  EXPECT_EQ(value_of("open /data/x/y: No such file"), "open <path>: No such file");
  EXPECT_EQ(value_of("(see /a/b/c.txt)."), "(see <path>).");
  EXPECT_EQ(value_of("a=/x/y,b"), "a=<path>");
  EXPECT_EQ(value_of("-I/home/alice/inc"), "-I<path>");
  EXPECT_EQ(value_of("../../home/alice/x"), "../..<path>");
  EXPECT_EQ(value_of("file:///srv/x y"), "<path> y");
  EXPECT_EQ(value_of("file:///home/a%20b/c"), "<path>");
  EXPECT_EQ(value_of("~/x/y"), "<path>");
  EXPECT_EQ(value_of("~alice"), "<path>");
  EXPECT_EQ(value_of("cd ~alice/src && ls"), "cd <path> && ls");
  EXPECT_EQ(value_of("/tmp"), "<path>");
}

TEST(RedactedPath, KeepsTheLineOfASource) {
  EXPECT_EQ(value_of("at /home/alice/src/main.rs:10:5"), "at <path>:10:5");
}

TEST(RedactedPath, ReachesOverSpacesInItsDirectories) {
  EXPECT_EQ(value_of("/home/alice/My Documents/secret.txt"), "<path>");
}

TEST(RedactedPath, IsFoundHoweverItsSlashesAreWritten) {
  EXPECT_EQ(value_of("\\u002fhome\\u002Falice\\u002fx"), "<path>");
  EXPECT_EQ(value_of("\\/home\\/alice\\/x"), "<path>");
  EXPECT_EQ(value_of("\\u002f\\u0068ome/alice"), "<path>");
  EXPECT_EQ(value_of("see %2Fhome%2Falice"), "see <path>");
  EXPECT_EQ(value_of("{\\\"p\\\":\\\"\\\\/home\\\\/alice\\\"}"), "{\\\"p\\\":\\\"\\\\<path>\\\"}");
}

TEST(RedactedPath, IsNoUnitFractionRelativePathOrGroup) {
  for (const char* text :
       {"MB/s", "/s", "1/2", "n/a", "ktstr/NAME", "gauntlet/NAME/1n2l4c1t", "a/b/c", "and/or",
        "2 / 3", "/cg_0 starved", "x ~ 5", "~5ms", "//", "/", "s/a/b"}) {
    EXPECT_EQ(value_of(text), text);
  }
}

TEST(RedactedPath, OfAControlGroupIsNone) {
  EXPECT_EQ(value_of("/cg_0", "cgroup_name"), "/cg_0");
  EXPECT_EQ(value_of("/outer/inner", "cgroup"), "/outer/inner");
  EXPECT_EQ(value_of("/sys/fs/cgroup/ktstr/cg_0", "cgroup_path"), "<path>/cg_0");
  EXPECT_EQ(value_of("/sys/fs/cgroup/user.slice/user-1000.slice", "cgroup"), "<path>");
  EXPECT_EQ(value_of("/home/alice/x", "cgroup_name"), "<path>");
}

TEST(RedactedAddress, IsAPlaceholder) {
  for (const char* address :
       {"10.1.2.3", "192.168.100.200", "fe80::1", "fe80::1ff:fe23:4567:890a%eth0", "::1",
        "2401:db00:103c:012a:face:0000:01d4:0000", "::ffff:10.0.0.1", "76:d4:dd:7d:4f:5d",
        "76-D4-DD-7D-4F-5D", "alice@example.org", "alice.b+c@mail.example.org",
        "https://ci.corp.example/job/1?x=y", "ssh://host/x", "alice@buildbox"}) {
    EXPECT_EQ(value_of(address), "<address>") << address;
    EXPECT_EQ(value_of(std::string("to ") + address + ", then"), "to <address>, then") << address;
  }
  EXPECT_EQ(value_of("10.0.0.1:8080"), "<address>:8080");
  EXPECT_EQ(value_of("[fe80::1]:80"), "[<address>]:80");
  EXPECT_EQ(value_of("10.0.0.0/24"), "<address>/24");
}

TEST(RedactedAddress, IsNoTimeVersionCommitOrNameOfAProgram) {
  for (const char* text : {"2026-11-01T10:11:12Z",
                           "10:11:12",
                           "6.14.2",
                           "5.15.0.1-generic",
                           "1.2.3.4.5",
                           "300.1.2.3",
                           "core::fmt::Display",
                           "a::b",
                           "0000:3b:00.0",
                           "73730e0-dirty",
                           "v1.2.3.4",
                           "memcpy@plt",
                           "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
                           "20260704T214120Z-0",
                           "1:2:3:4:5:6:7:8",
                           "26-11-01-10-11-12",
                           "0xffff888100000000",
                           "memcpy@GLIBC_2.2.5",
                           "key: value",
                           "a:b"}) {
    EXPECT_EQ(value_of(text), text);
  }
}

TEST(RedactedAddress, IsNoVersionOfAKernel) {
  EXPECT_EQ(value_of("6.14.2.1", "kernel_version"), "6.14.2.1");
  EXPECT_EQ(value_of("6.14.2.1", "kernel_release"), "6.14.2.1");
  EXPECT_EQ(value_of("6.14.2.1", "detail"), "<address>");
}

TEST(RedactedId, IsAPlaceholder) {
  EXPECT_EQ(value_of("ceb05b43-e47f-4c93-a9cf-be67a7fa9db8"), "<id>");
  EXPECT_EQ(value_of("/dev/disk/by-uuid/ceb05b43"), "<id>");
  EXPECT_EQ(value_of("disk wwn-0x5000c500a1b2c3d4 failed"), "disk <id> failed");
  EXPECT_EQ(value_of("nvme-eui.0025385b71b00a3c"), "<id>");
  EXPECT_EQ(value_of("ata-Samsung_SSD_860_S3Z9NB0K123456X-part1"), "<id>");
  EXPECT_EQ(value_of("root UUID=ceb05b43 ro"), "root <id> ro");
  EXPECT_EQ(value_of("S3Z9NB0K", "serial"), "<id>");
  EXPECT_EQ(value_of("0123456789abcdef0123456789abcdef", "machine_id"), "<id>");
}

TEST(RedactedHost, IsAWholeWordInAnyCase) {
  RedactionOptions options;
  options.host_names = {"lab15", "build-7.corp.example"};
  EXPECT_EQ(value_of("on LAB15 now", "detail", options), "on <host> now");
  EXPECT_EQ(value_of("lab15.corp.example:22", "detail", options), "<host>:22");
  EXPECT_EQ(value_of("build-7.corp.example", "detail", options), "<host>");
  for (const char* text : {"lab151", "my-lab15", "lab15-x", "lab15_x", "xlab15"}) {
    EXPECT_EQ(value_of(text, "detail", options), text);
  }
}

TEST(RedactedHost, IsNeverANameThatResultsGoBy) {
  RedactionOptions options;
  options.host_names = {"ktstr", "scx_lavd", "1n2l4c1t", "host", "localhost", "a"};
  for (const char* key : {"test_name", "topology", "scheduler", "payload", "work_type"}) {
    for (const char* text : {"ktstr", "scx_lavd", "1n2l4c1t"}) {
      EXPECT_EQ(value_of(text, key, options), text);
    }
  }
  EXPECT_EQ(redacted(R"({"host":{"arch":"x"}})", options).json, R"({"host":{"arch":"x"}})");
  EXPECT_EQ(value_of("localhost a", "detail", options), "localhost a");
}

TEST(RedactedHost, IsWhatAFieldOfThatNameHolds) {
  EXPECT_EQ(value_of("whatever", "hostname"), "<host>");
  EXPECT_EQ(value_of("", "hostname"), "");
}

TEST(RedactedBootLine, KeepsSchedulingParametersOnly) {
  EXPECT_EQ(value_of("BOOT_IMAGE=(hd0,gpt2)/vmlinuz-6.13.2 root=UUID=ceb05b43 ro isolcpus=2-5 "
                     "console=ttyS1,57600 nohz_full=2-5 rcutree.use_softirq=0 quiet "
                     "rcu-nocbs=all mitigations=off netconsole=+6666@fe80::1/eth0",
                     "kernel_cmdline"),
            "isolcpus=2-5 nohz_full=2-5 rcutree.use_softirq=0 rcu-nocbs=all mitigations=off");
}

TEST(RedactedBootLine, DropsAnAllowedNameWithAPrivateValue) {
  RedactionOptions options;
  options.host_names = {"lab15"};
  EXPECT_EQ(value_of("sched_x=/home/alice psi=1 sched_y=lab15 idle=10.0.0.1 sched.z=a@b.example",
                     "kernel_cmdline", options),
            "psi=1");
}

TEST(RedactedBootLine, IsNotFooledByQuotes) {
  EXPECT_EQ(value_of(R"(dyndbg=\"file x psi=1 +p\" nosmt)", "kernel_cmdline"), "nosmt");
}

TEST(RedactedBootLine, StillSaysThatARecordIsSynthetic) {
  const std::string mark(ktstr::k_synthetic_mark);
  EXPECT_EQ(value_of("root=/dev/sda " + mark, "kernel_cmdline"), mark);
}

TEST(RedactedText, CountsWhatWasTakenOut) {
  const auto counts = redacted(R"({"a":["/x/y","/x/z","10.0.0.1"],"serial":"1",)"
                               R"("hostname":"h","kernel_cmdline":"ro quiet psi=1"})")
                          .counts;
  EXPECT_EQ(counts.paths, 2U);
  EXPECT_EQ(counts.addresses, 1U);
  EXPECT_EQ(counts.ids, 1U);
  EXPECT_EQ(counts.hosts, 1U);
  EXPECT_EQ(counts.boot_parameters, 2U);
  EXPECT_EQ(counts.total(), 7U);
}

TEST(RedactedText, KeepsAllElseByteForByte) {
  const std::string json =
      " {\n\t\"b\" : [ 1.50e+2 , -0, 123456789012345678901234567890, true,null ] ,\n"
      " \"u\\u006eknown\":\"\\u00e9 \\ud83d\\ude00 \\ud800 \xc3\xa9\", \"b\":{} }\n ";
  EXPECT_EQ(redacted(json).json, json);
  EXPECT_EQ(redacted("{\"a\" : \"x \\u00e9 /home/b \\u00e9\"}").json,
            "{\"a\" : \"x \\u00e9 <path> \\u00e9\"}");
}

TEST(RedactedText, HasRedactedKeysThatStayApart) {
  EXPECT_EQ(redacted(R"({"m":{"/home/a/x":1,"/home/a/y":2,"k":3,"/home/a/z":4}})").json,
            R"({"m":{"<path>":1,"<path 2>":2,"k":3,"<path 3>":4}})");
  EXPECT_EQ(redacted(R"({"<path>":0,"/home/a":1})").json, R"({"<path>":0,"<path 2>":1})");
  EXPECT_EQ(redacted(R"({"cgroups":{"/cg_0":1}})").json, R"({"cgroups":{"/cg_0":1}})");
}

TEST(RedactedText, TreatsNothingAsAGroupBelowAPathThatNamesOne) {
  EXPECT_EQ(redacted(R"({"/sys/fs/cgroup":["/outer/inner"]})").json, R"({"<path>":["<path>"]})");
}

TEST(RedactedText, SeesWhatStandsRightBehindAnotherFinding) {
  EXPECT_EQ(value_of("ceb05b43-e47f-4c93-a9cf-be67a7fa9db8/srv/x"), "<id><path>");
}

TEST(RedactedText, RedactsInArraysOfArraysBelowTheirKey) {
  EXPECT_EQ(redacted(R"({"cgroups":[["/cg"],{"x":"/home/a"}]})").json,
            R"({"cgroups":[["/cg"],{"x":"<path>"}]})");
}

TEST(RedactedText, RedactedAgainIsTheSame) {
  const std::string json =
      R"({"a":"/home/a 10.0.0.1 x@y.org /sys/fs/cgroup/q","cgroup":"/sys/fs/cgroup/cg_0",)"
      R"("/home/x":1,"/home/y":2,"hostname":"h","serial":"s","kernel_cmdline":"ro psi=1"})";
  const std::string once = redacted(json).json;
  const RedactedText twice = redacted(once);
  EXPECT_EQ(twice.json, once);
  EXPECT_EQ(twice.counts.total(), 0U);
}

TEST(RedactedText, IsAnErrorForWhatIsNoJson) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("{\"a\":}"), std::string("[1,]"),
        std::string("{} x"), std::string("\"\xff\""), std::string("{\"a\" 1}"), std::string("nul"),
        std::string("\"\\x\""), std::string("{\"a\":\"b"), std::string(20'000, '[')}) {
    const auto done = redact(text, {});
    ASSERT_FALSE(done) << text.substr(0, 20);
    EXPECT_EQ(done.error().code, ErrorCode::parse);
  }
}

TEST(RedactedText, TakesTimeInProportionToTheText) {
  for (const std::string& part :
       {std::string("a/"), std::string(" /s"), std::string("~"), std::string("a.b"),
        std::string("::"), std::string("x@"), std::string("/home "), std::string("\\\\u002f")}) {
    std::string text = "{\"a\":\"";
    while (text.size() < 2'000'000) text += part;
    EXPECT_TRUE(redact(text + "\"}", {})) << part;
  }
}

TEST(RedactedText, NeverCutsACharacterInTwo) {
  std::string name;
  for (int i = 0; i < 50; ++i) name += "\xc3\xa9";
  EXPECT_TRUE(redact(redacted("{\"a\":\"~a" + name + " fe80::1%" + name + "\"}").json, {}));
}

std::string shared_text(const char* file) {
  const auto path = ktstr::test::shared_data_path(file);
  if (!path) return {};
  std::ifstream stream(*path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class RedactedSample : public testing::TestWithParam<const char*> {};

TEST_P(RedactedSample, StillSaysWhatItSaid) {
  const std::string json = shared_text(GetParam());
  if (json.empty()) GTEST_SKIP() << "no shared data";
  RedactionOptions options;
  options.host_names = {"lab15"};
  const RedactedText done = redacted(json, options);
  const auto before = ktstr::decode_record(json, ktstr::SampleHandling::keep);
  const auto after = ktstr::decode_record(done.json, ktstr::SampleHandling::keep);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(after->contract, before->contract);
  EXPECT_EQ(ktstr::variant_hash(after->record), ktstr::variant_hash(before->record));
  EXPECT_EQ(after->record.test_name, before->record.test_name);
  EXPECT_EQ(after->record.host->kernel_release, before->record.host->kernel_release);
  ASSERT_TRUE(after->record.host->kernel_cmdline);
  EXPECT_NE(after->record.host->kernel_cmdline, before->record.host->kernel_cmdline);
  // Nothing but the boot line has changed.
  EXPECT_EQ(done.counts.total(), done.counts.boot_parameters);
  EXPECT_THAT(done.json, Not(HasSubstr("UUID")));
}

INSTANTIATE_TEST_SUITE_P(
    Shared, RedactedSample,
    testing::Values("example.ktstr.json",
                    "real/sched_basic_proportional-6.14.11-85c72e1.ktstr.json"));

}  // namespace
