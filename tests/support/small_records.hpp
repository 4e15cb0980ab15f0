// SPDX-License-Identifier: MIT
#pragma once

// Small sidecars for tests of the catalog, from our own encoder.

#include <string>

#include "ktstr/record.hpp"

namespace ktstr::test {

/// A record that passed, without monitor, host or phases.
inline Record small_record(const std::string& test_name) {
  Record record;
  record.test_name = test_name;
  record.topology = "1n1l2c1t";
  record.scheduler = "eevdf";
  record.work_type = "SpinWait";
  record.passed = true;
  record.vcpus = 2;
  record.cpu_budget = 2;
  record.kernel_version = "6.14.2";
  record.project_commit = "abc1234";
  record.timestamp = "2026-07-04T12:00:00Z";
  return record;
}

inline std::string sidecar_of(const std::string& test_name) {
  return encode_record(small_record(test_name));
}

/// The record as a refresh sees it: encoded, decoded, reduced. It must be decodable.
inline DecodedRecord decoded(const Record& record) {
  return decode_record(encode_record(record), SampleHandling::reduce).value();
}

/// JSON objects that the contract doesn't take, and text that is no JSON at all.
inline constexpr const char* k_drifted = R"({"test_name":"drifted","passed":true})";
inline constexpr const char* k_corrupt = R"({"test_name": "cut off)";
inline constexpr const char* k_not_utf8 = "{\"test_name\": \"\xff\"}";

}  // namespace ktstr::test
