// SPDX-License-Identifier: MIT
#include <set>

#include "base/json_text.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

/// The columns as object keys, `"name":`. A second column of the same name (a join can have one)
/// gets a number, since most readers keep only the last of equal keys.
std::vector<std::string> quoted_keys(const std::vector<RowColumn>& columns) {
  std::set<std::string> used;
  std::vector<std::string> keys;
  for (const RowColumn& column : columns) {
    std::string name = column.name;
    for (int copy = 2; !used.insert(name).second; ++copy) {
      name = column.name + "_" + std::to_string(copy);
    }
    std::string key;
    append_safe_json_string(key, name);
    keys.push_back(key + ":");
  }
  return keys;
}

void append_json_value(std::string& out, const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    out += exact_number(*integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    append_json_double(out, *real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    append_safe_json_string(out, *text);
  } else {
    out += "null";
  }
}

/// The row objects alone, one a line.
class JsonlFormatter : public RowFormatter {
 public:
  void begin(const std::vector<RowColumn>& columns, const std::vector<Row>& /*sample*/,
             std::string& /*out*/) override {
    keys_ = quoted_keys(columns);
  }
  void row(const Row& row, std::string& out) override {
    append_object(row, out);
    out += "\n";
  }
  void end(const RowsEnd& /*end*/, std::string& /*out*/) override {}

 protected:
  void append_object(const Row& row, std::string& out) const {
    out += "{";
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (i > 0) out += ",";
      out += keys_[i];
      append_json_value(out, value_at(row, i));
    }
    out += "}";
  }

 private:
  std::vector<std::string> keys_;
};

/// One document around them, with what is known only at the end after the rows.
class JsonFormatter : public JsonlFormatter {
 public:
  void begin(const std::vector<RowColumn>& columns, const std::vector<Row>& sample,
             std::string& out) override {
    JsonlFormatter::begin(columns, sample, out);
    out += R"({"schema_version":1,"rows":[)";
  }
  void row(const Row& row, std::string& out) override {
    if (!first_) out += ",";
    first_ = false;
    append_object(row, out);
  }
  void end(const RowsEnd& end, std::string& out) override {
    out += R"(],"stale":)";
    out += end.stale ? "true" : "false";
    out += R"(,"count":)" + std::to_string(end.count) + "}\n";
  }

 private:
  bool first_ = true;
};

}  // namespace

std::unique_ptr<RowFormatter> make_json_formatter() { return std::make_unique<JsonFormatter>(); }
std::unique_ptr<RowFormatter> make_jsonl_formatter() { return std::make_unique<JsonlFormatter>(); }

}  // namespace ktstr
