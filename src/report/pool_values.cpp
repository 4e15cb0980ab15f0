// SPDX-License-Identifier: MIT
#include "report/pool_values.hpp"

#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

std::string value_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return printable(*text);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  return "unknown";
}

JsonValue value_json(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  return nullptr;
}

const char* placeholder(const PoolValues& values) {
  // Only a budget can be missing from every result.
  return values.results == 0 ? "(no sidecars in pool)"
                             : "(all runs skipped \u2014 no budget recorded)";
}

}  // namespace

std::string pool_values_text(const PoolValues& values) {
  std::string out;
  for (const PoolDimension& dimension : values.dimensions) {
    out += dimension.name + ":\n";
    for (const PoolValue& value : dimension.values) out += "  " + value_text(value.value) + "\n";
    if (dimension.values.empty()) out += std::string("  ") + placeholder(values) + "\n";
    out += "\n";
  }
  return out;
}

JsonObject pool_values_document(const PoolValues& values) {
  JsonObject document;
  for (const PoolDimension& dimension : values.dimensions) {
    JsonArray array;
    for (const PoolValue& value : dimension.values) array.push_back(value_json(value.value));
    document.add(dimension.name, std::move(array));
  }
  return document;
}

}  // namespace ktstr
