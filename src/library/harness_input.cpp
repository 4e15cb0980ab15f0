// SPDX-License-Identifier: MIT
#include "library/harness_input.hpp"

#include <optional>
#include <utility>

#include "ktstr/record_json.hpp"
#include "ktstr/run_id.hpp"
#include "record/fields.hpp"

namespace ktstr {
namespace {

/// A member for the key that a decoder missed, if it is one that the environment gives.
std::optional<std::string> member_for(const std::string& decode_error) {
  if (decode_error == "missing field `timestamp`") {
    return "\"timestamp\": \"" + now_iso8601() + "\", ";
  }
  if (decode_error == "missing field `run_id`") {
    return "\"run_id\": \"" + generate_run_id() + "\", ";
  }
  return std::nullopt;
}

/// The first of the variant's fields that is missing or has the wrong type; empty if all are there.
std::string missing_variant_part(const Record& record) {
  if (!was_read(record, &Record::topology)) return "topology";
  if (!was_read(record, &Record::scheduler)) return "scheduler";
  if (!was_read(record, &Record::work_type)) return "work_type";
  if (!was_read(record, &Record::sysctls)) return "sysctls";
  if (!was_read(record, &Record::kargs)) return "kargs";
  return {};
}

tl::unexpected<Error> unusable(const std::string& field) {
  return fail(ErrorCode::parse, "no usable field `" + field + "`", {},
              "a record or an object with topology, scheduler, payload, work_type, sysctls and "
              "kargs is wanted");
}

}  // namespace

Result<Record> parse_harness_record(std::string json) {
  while (true) {
    auto decoded = decode_record(json, SampleHandling::keep);
    if (!decoded) return fail(std::move(decoded.error()));
    if (decoded->contract == Contract::ok) return std::move(decoded->record);
    const auto member = member_for(decoded->error);
    if (!member) return fail(ErrorCode::parse, decoded->error);
    json.insert(json.find('{') + 1, *member);
  }
}

Result<Record> parse_harness_variant(const std::string& json) {
  auto decoded = decode_record(json, SampleHandling::keep);
  if (!decoded) return fail(std::move(decoded.error()));
  const std::string part = missing_variant_part(decoded->record);
  if (!part.empty()) return unusable(part);
  return std::move(decoded->record);
}

Result<Record> parse_harness_identity(const std::string& json) {
  auto record = parse_harness_variant(json);
  if (record && !was_read(*record, &Record::test_name)) return unusable("test_name");
  return record;
}

}  // namespace ktstr
