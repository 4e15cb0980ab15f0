// SPDX-License-Identifier: MIT
#include "report/json_document.hpp"

#include "base/text.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

constexpr std::string_view k_json_space = " \t\r\n";

class Writer {
 public:
  explicit Writer(JsonStyle style) : pretty_(style == JsonStyle::pretty) {}

  void put(const JsonValue& value) {
    std::visit([this](const auto& content) { write(content); }, value.content());
  }
  [[nodiscard]] std::string finish() { return std::move(out_) + "\n"; }

 private:
  void write(std::monostate /*null*/) { out_ += "null"; }
  void write(bool flag) { out_ += flag ? "true" : "false"; }
  void write(std::int64_t number) { out_ += std::to_string(number); }
  void write(std::uint64_t number) { out_ += std::to_string(number); }
  void write(double number) { append_json_double(out_, number); }
  void write(const std::string& text) { append_safe_json_string(out_, text); }

  void write(const JsonArray& array) {
    open('[');
    for (const JsonValue& value : array) {
      separate();
      put(value);
    }
    close(']');
  }

  void write(const JsonObject& object) {
    open('{');
    for (const JsonMember& member : object.members()) {
      separate();
      append_safe_json_string(out_, member.key);
      colon();
      put(member.value);
    }
    close('}');
  }

  /// Only the space between tokens changes; a string is copied to its closing quote.
  void write(const JsonRaw& raw) {
    const std::string text = visible_json(raw.text);
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (in_string) {
        out_ += c;
        if (c == '\\' && i + 1 < text.size()) out_ += text[++i];
        in_string = c != '"';
      } else if (k_json_space.find(c) == std::string_view::npos) {
        write_raw_token(c);
        in_string = c == '"';
      }
    }
  }

  void write_raw_token(char c) {
    if (c == ']' || c == '}') return close(c);
    if (c == ':') return colon();
    if (c == ',') {
      pending_ = true;
      out_ += ',';
      return;
    }
    if (pending_) new_line();
    pending_ = false;
    if (c == '[' || c == '{') return open(c);
    out_ += c;
  }

  void open(char bracket) {
    out_ += bracket;
    ++depth_;
    // The line break waits for the first member: an empty container has none.
    pending_ = true;
    first_ = true;
  }
  void close(char bracket) {
    --depth_;
    if (!pending_) new_line();
    pending_ = false;
    first_ = false;
    out_ += bracket;
  }
  void separate() {
    if (!first_) out_ += ',';
    new_line();
    first_ = false;
    pending_ = false;
  }
  void colon() { out_ += pretty_ ? ": " : ":"; }
  void new_line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(depth_) * 2, ' ');
  }

  bool pretty_;
  bool pending_ = false;  ///< a line break is due before the next token, unless it closes
  bool first_ = false;    ///< the next member has no comma before it
  int depth_ = 0;
  std::string out_;
};

}  // namespace

JsonObject::JsonObject() = default;
JsonObject::JsonObject(const JsonObject& other) = default;
JsonObject::JsonObject(JsonObject&& other) noexcept = default;
JsonObject& JsonObject::operator=(const JsonObject& other) = default;
JsonObject& JsonObject::operator=(JsonObject&& other) noexcept = default;
JsonObject::~JsonObject() = default;

JsonObject& JsonObject::add(std::string key, JsonValue value) {
  members_.push_back({std::move(key), std::move(value)});
  return *this;
}

JsonArray json_array(const std::vector<std::string>& texts) {
  JsonArray array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

std::string json_document(const JsonValue& value, JsonStyle style) {
  Writer writer(style);
  writer.put(value);
  return writer.finish();
}

}  // namespace ktstr
