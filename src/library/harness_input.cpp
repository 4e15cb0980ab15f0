// SPDX-License-Identifier: MIT
#include "library/harness_input.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "ktstr/record_json.hpp"
#include "record/fields.hpp"
#include "record/record_draft.hpp"

namespace ktstr {
namespace {

/// What the writer fills in where it is missing. The contract lets the other facts of the
/// environment be missing anyway.
bool is_filled_in(const ContractBreak& place) {
  return place.path.empty() && (place.missing_key == "timestamp" || place.missing_key == "run_id");
}

std::string breaks_text(const RecordDraft& draft) {
  std::string text;
  for (const ContractBreak& place : draft.breaks) text += (text.empty() ? "" : "; ") + place.text();
  if (draft.unlisted_breaks > 0) text += "; and " + std::to_string(draft.unlisted_breaks) + " more";
  return text;
}

/// The variant's fields that are missing or have the wrong type.
std::vector<std::string> unusable_variant_parts(const Record& record) {
  std::vector<std::string> parts;
  const auto look = [&](const char* name, auto member) {
    if (!was_read(record, member)) parts.emplace_back(name);
  };
  look("topology", &Record::topology);
  look("scheduler", &Record::scheduler);
  look("work_type", &Record::work_type);
  look("sysctls", &Record::sysctls);
  look("kargs", &Record::kargs);
  return parts;
}

tl::unexpected<Error> unusable(const std::vector<std::string>& parts) {
  std::string text = parts.size() == 1 ? "no usable field" : "no usable fields";
  for (const std::string& part : parts) {
    text += (&part == parts.data() ? " `" : ", `") + part + "`";
  }
  return fail(ErrorCode::parse, std::move(text), {},
              "a record or an object with topology, scheduler, payload, work_type, sysctls and "
              "kargs is wanted");
}

}  // namespace

Result<Record> parse_harness_record(const std::string& json) {
  auto draft = decode_draft(json);
  if (!draft) return fail(std::move(draft.error()));
  std::erase_if(draft->breaks, is_filled_in);
  if (!draft->breaks.empty()) return fail(ErrorCode::parse, breaks_text(*draft));
  return std::move(draft->record);
}

Result<Record> parse_harness_variant(const std::string& json) {
  auto decoded = decode_record(json, SampleHandling::keep);
  if (!decoded) return fail(std::move(decoded.error()));
  const auto parts = unusable_variant_parts(decoded->record);
  if (!parts.empty()) return unusable(parts);
  return std::move(decoded->record);
}

Result<Record> parse_harness_identity(const std::string& json) {
  auto decoded = decode_record(json, SampleHandling::keep);
  if (!decoded) return fail(std::move(decoded.error()));
  auto parts = unusable_variant_parts(decoded->record);
  if (!was_read(decoded->record, &Record::test_name)) parts.insert(parts.begin(), "test_name");
  if (!parts.empty()) return unusable(parts);
  return std::move(decoded->record);
}

}  // namespace ktstr
