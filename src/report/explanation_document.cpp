// SPDX-License-Identifier: MIT
#include <algorithm>

#include "report/explanation.hpp"

namespace ktstr {
namespace {

// The harness raised it when overcommit_runs came; a string, for readers that look for "1".
constexpr const char* k_schema_version = "2";

JsonObject walk_document(const Collection& collection, const SidecarExplanation& explanation) {
  JsonArray errors;
  for (const SidecarParseError& error : collection.parse_errors) {
    errors.emplace_back(JsonObject()
                            .add("path", error.path)
                            .add("error", error.raw_error)
                            .add("enriched_message", error.enriched_message));
  }
  JsonArray io_errors;
  for (const SidecarIoError& error : collection.io_errors) {
    io_errors.emplace_back(JsonObject().add("path", error.path).add("error", error.raw_error));
  }
  JsonObject walk;
  walk.add("walked", explanation.walked)
      .add("valid", collection.sidecars.size())
      .add("errors", std::move(errors))
      .add("io_errors", std::move(io_errors));
  return walk;
}

JsonObject field_document(const FieldCount& count) {
  JsonArray causes;
  for (const std::string_view cause : count.field->causes) causes.emplace_back(cause);
  JsonObject document;
  document.add("none_count", count.none)
      .add("some_count", count.some)
      .add("classification", classification(*count.field))
      .add("causes", std::move(causes))
      .add("fix", count.field->fix.empty() ? JsonValue() : JsonValue(count.field->fix));
  return document;
}

}  // namespace

JsonObject explanation_document(const Collection& collection,
                                const SidecarExplanation& explanation) {
  std::vector<FieldCount> by_name = explanation.fields;
  std::sort(by_name.begin(), by_name.end(), [](const FieldCount& left, const FieldCount& right) {
    return left.field->name < right.field->name;
  });
  JsonObject fields;
  for (const FieldCount& count : by_name) {
    fields.add(std::string(count.field->name), field_document(count));
  }
  JsonObject document;
  document.add("_schema_version", k_schema_version)
      .add("_walk", walk_document(collection, explanation))
      .add("overcommit_runs", explanation.overcommitted)
      .add("fields", std::move(fields));
  return document;
}

}  // namespace ktstr
