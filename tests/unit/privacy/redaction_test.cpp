// SPDX-License-Identifier: MIT
#include "privacy/redaction.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "ktstr/record.hpp"
#include "record/record.hpp"
#include "support/shared_data.hpp"

namespace {

using ktstr::ErrorCode;
using ktstr::RedactedText;
using ktstr::Redaction;
using ktstr::RedactionCounts;
using ktstr::RedactionOptions;
using testing::HasSubstr;
using testing::Not;

ktstr::Result<RedactedText> redact(const std::string& json, const RedactionOptions& options) {
  return Redaction(options).document(json);
}

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

/// With what a key makes of values taken out: "<host-3fa9c1d2>" becomes "<host>".
std::string plain(std::string text) {
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1)) {
    const std::size_t dash = text.find('-', at);
    const std::size_t close = text.find('>', at);
    if (dash < close) text.erase(dash, 9);
  }
  return text;
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
  EXPECT_EQ(value_of("{\\\"p\\\":\\\"\\\\/home\\\\/alice\\\"}"), "{\\\"p\\\":\\\"<path>\\\"}");
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
  EXPECT_EQ(plain(value_of("/sys/fs/cgroup/ktstr/cg_0", "cgroup_path")), "<path>/cg_0");
  EXPECT_EQ(plain(value_of("/sys/fs/cgroup/user.slice/user-1000.slice", "cgroup")), "<path>");
  EXPECT_EQ(plain(value_of("/home/alice/x", "cgroup_name")), "<path>");
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
}

TEST(RedactedHost, IsFoundBesideWhatever) {
  RedactionOptions options;
  options.host_names = {"lab15", "osprey", "vega", "n7x"};
  EXPECT_EQ(
      value_of("lab151 my-lab15 lab15-x lab15_x xlab15 \xc3\xa9lab15\xc3\xa9", "detail", options),
      "<host>1 my-<host> <host>-x <host>_x x<host> \xc3\xa9<host>\xc3\xa9");
  EXPECT_EQ(value_of("node_osprey7 ospreys", "detail", options), "node_<host>7 <host>s");
  // A short word may be part of another.
  EXPECT_EQ(value_of("vega_1 las_vegas", "detail", options), "<host>_1 las_vegas");
  EXPECT_EQ(value_of("n7x_1 1n7x2", "detail", options), "<host>_1 1n7x2");
}

TEST(RedactedHost, IsNoWordThatStandsInEveryRecord) {
  RedactionOptions options;
  options.host_names = {"ktstr", "host", "localhost", "a", "stats"};
  for (const char* key : {"test_name", "scheduler", "detail"}) {
    EXPECT_EQ(value_of("ktstr localhost a", key, options), "ktstr localhost a");
  }
  EXPECT_EQ(redacted(R"({"host":{"arch":"x"},"stats":{}})", options).json,
            R"({"host":{"arch":"x"},"stats":{}})");
}

TEST(RedactedHost, HasItsOwnSubstituteInWhatResultsGoBy) {
  RedactionOptions options;
  options.host_names = {"lab15.corp.example", "lab16"};
  options.key = {1, 2};
  const std::string one = value_of("fio_lab15", "payload", options);
  EXPECT_EQ(plain(one), "fio_<host>");
  EXPECT_NE(plain(one), one);
  EXPECT_EQ(value_of("fio_LAB15.corp.example", "payload", options), one);
  EXPECT_NE(value_of("fio_lab16", "payload", options), one);
  options.key = {1, 3};
  EXPECT_NE(value_of("fio_lab15", "payload", options), one);
}

TEST(RedactedHost, IsFoundInFileNamesWithoutTheirEndings) {
  RedactionOptions options;
  options.host_names = {"lab15"};
  Redaction redaction(options);
  RedactionCounts counts;
  for (const char* ending :
       {"-0123456789abcdef.ktstr.json", ".ktstr.json", ".repro.failure-dump.json",
        "-0123456789abcdef.attempt-2.failure-dump.json", ".wprof.pb"}) {
    const std::string name = redaction.file_name(std::string("on_lab15") + ending, counts);
    EXPECT_EQ(plain(name), std::string("on_<host>") + ending);
    EXPECT_EQ(redaction.file_name(name, counts), name);
  }
  EXPECT_EQ(counts.hosts, 5U);
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

TEST(RedactedBootLine, IsReducedInsideOfTexts) {
  EXPECT_EQ(value_of("[0.0] Command line: BOOT_IMAGE=/vmlinuz root=/dev/sda ip=lab psi=1\\nnext"),
            "[0.0] Command line: psi=1\\nnext");
  EXPECT_EQ(value_of("BOOT_IMAGE=/vmlinuz dyndbg=\\\"a b\\\" nosmt", "note"), "nosmt");
}

TEST(RedactedKey, SaysByItsMeaningWhatIsBelow) {
  for (const char* key : {"hostname", "HOSTNAME", "guest_hostname", "nodeName", "fqdn", "host"}) {
    EXPECT_EQ(value_of("x", key), "<host>") << key;
  }
  for (const char* key : {"password", "DB_PASSWORD", "authToken", "client_secret", "api-key"}) {
    EXPECT_EQ(value_of("x", key), "<secret>") << key;
  }
  for (const char* key : {"product_uuid", "machine_id", "SerialNumber", "wwn"}) {
    EXPECT_EQ(value_of("x", key), "<id>") << key;
  }
  for (const char* key : {"username", "user", "email", "mac_address", "ip_addr"}) {
    EXPECT_EQ(value_of("x", key), "<address>") << key;
  }
  EXPECT_EQ(redacted(R"({"password":1234,"tokens":1024,"serial_number":123456})").json,
            R"({"password":"<secret>","tokens":1024,"serial_number":"<id>"})");
  EXPECT_EQ(redacted(R"({"hostnames":["a1","b2"]})").json, R"({"hostnames":["<host>","<host>"]})");
}

TEST(RedactedKey, IsMeantInAllSpellings) {
  for (const char* key : {"session-key", "signing_key", "pwd", "pass", "auth", "apikey"}) {
    EXPECT_EQ(value_of("x", key), "<secret>") << key;
  }
  for (const char* key : {"machine-id", "chassis_serial", "service tag", "host_id"}) {
    EXPECT_EQ(value_of("x", key), "<id>") << key;
  }
  for (const char* key : {"ssh_host", "remote-host"})
    EXPECT_EQ(value_of("x", key), "<host>") << key;
  EXPECT_EQ(value_of("x", "mail"), "<address>");
  for (const char* key : {"kernel_args", "boot_options", "boot-params"}) {
    EXPECT_EQ(value_of("root=x psi=1", key), "psi=1") << key;
  }
  EXPECT_EQ(value_of("x", "serialized"), "x");
}

TEST(RedactedKey, CoversWhatIsNestedBelowOrAnnounced) {
  EXPECT_EQ(redacted(R"({"password":{"value":"x","more":[12,"y"]}})").json,
            R"({"password":{"value":"<secret>","more":["<secret>","<secret>"]}})");
  EXPECT_EQ(redacted(R"({"hostname":{"value":"x"}})").json, R"({"hostname":{"value":"<host>"}})");
  EXPECT_EQ(redacted(R"({"a":["--password","x","-v","y"]})").json,
            R"({"a":["--password","<secret>","-v","y"]})");
  EXPECT_EQ(redacted(R"([{"name":"DB_PASSWORD","value":"x"},{"name":"a","value":"y"}])").json,
            R"([{"name":"DB_PASSWORD","value":"<secret>"},{"name":"a","value":"y"}])");
  // A metric of such a name keeps its number.
  const std::string metric = R"({"name":"serial","value":12345})";
  EXPECT_EQ(redacted(metric).json, metric);
  const std::string host = R"({"host":{"arch":"x","kernel_name":"Linux","unheard_of":"y"}})";
  EXPECT_EQ(redacted(host).json, host);
}

TEST(RedactedText, ThatIsADocumentIsTreatedByItsKeys) {
  EXPECT_EQ(value_of(R"({\"hostname\":\"x\",\"n\":[1]})"),
            R"({\"hostname\":\"<host>\",\"n\":[1]})");
  EXPECT_EQ(value_of("[not JSON] 10.0.0.1"), "[not JSON] <address>");
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
  const std::string json =
      redacted(R"({"m":{"/home/a/x":1,"/home/a/y":2,"k":3,"/home/a/z":4}})").json;
  EXPECT_EQ(plain(json), R"({"m":{"<path>":1,"<path>":2,"k":3,"<path>":4}})");
  EXPECT_EQ(plain(redacted(R"({"lab15":0,"LAB15":1})", {{"lab15"}, {}}).json),
            R"({"<host>":0,"<host 2>":1})");
  EXPECT_EQ(redacted(R"({"cgroups":{"/cg_0":1}})").json, R"({"cgroups":{"/cg_0":1}})");
}

TEST(RedactedText, TreatsNothingAsAGroupBelowAPathThatNamesOne) {
  EXPECT_EQ(plain(redacted(R"({"/sys/fs/cgroup":["/outer/inner"]})").json),
            R"({"<path>":["<path>"]})");
}

TEST(RedactedText, SeesWhatStandsRightBehindAnotherFinding) {
  EXPECT_EQ(value_of("ceb05b43-e47f-4c93-a9cf-be67a7fa9db8/srv/x"), "<id><path>");
}

TEST(RedactedText, RedactsInArraysOfArraysBelowTheirKey) {
  EXPECT_EQ(plain(redacted(R"({"cgroups":[["/cg"],{"x":"/home/a"}]})").json),
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
  for (const std::string& part : {std::string("a/"),
                                  std::string(" /s"),
                                  std::string("~"),
                                  std::string("a.b"),
                                  std::string("::"),
                                  std::string("x@"),
                                  std::string("/home "),
                                  std::string("\\\\u002f"),
                                  std::string("10.0.0.1-"),
                                  std::string("-----BEGIN PRIVATE KEY-----"),
                                  std::string("a:"),
                                  std::string("C:/a "),
                                  std::string("password="),
                                  std::string("/a/b c"),
                                  std::string("aa-"),
                                  std::string("lab15"),
                                  std::string("x.corp.example@"),
                                  std::string("BOOT_IMAGE=x "),
                                  std::string("eyJ"),
                                  std::string("\\\\x\\\\")}) {
    std::string text = "{\"a\":\"";
    while (text.size() < 2'000'000) text += part;
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(redact(text + "\"}", {{"lab15"}, {}})) << part;
    // It takes a second or two at most; the square of the size would be hours.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60)) << part;
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
  const RedactedText done = redacted(json);
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
