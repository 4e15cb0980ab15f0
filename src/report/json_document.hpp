// SPDX-License-Identifier: MIT
#pragma once

// The single JSON documents that commands print. Keys keep the order in which they were added, and
// strings are escaped as those of the row streams are.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace ktstr {

class JsonValue;
struct JsonMember;
using JsonArray = std::vector<JsonValue>;

enum class JsonStyle { compact, pretty };

/// Members in order. `add` does not look for an equal key.
class JsonObject {
 public:
  // Defined where JsonMember is complete.
  JsonObject();
  JsonObject(const JsonObject& other);
  JsonObject(JsonObject&& other) noexcept;
  JsonObject& operator=(const JsonObject& other);
  JsonObject& operator=(JsonObject&& other) noexcept;
  ~JsonObject();

  JsonObject& add(std::string key, JsonValue value);
  [[nodiscard]] const std::vector<JsonMember>& members() const { return members_; }

 private:
  std::vector<JsonMember> members_;
};

/// JSON text that is taken as it is: must be one valid value. It is indented or compacted like its
/// surroundings, numbers and strings untouched.
struct JsonRaw {
  std::string text;
};

class JsonValue {
 public:
  using Content = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double,
                               std::string, JsonRaw, JsonArray, JsonObject>;

  JsonValue() = default;  ///< null
  // Implicit on purpose: a document's code should read like the document.
  // NOLINTBEGIN(google-explicit-constructor)
  JsonValue(std::nullptr_t) {}
  JsonValue(const char* text) : content_(std::string(text)) {}
  JsonValue(std::string_view text) : content_(std::string(text)) {}
  JsonValue(std::string text) : content_(std::move(text)) {}
  JsonValue(double number) : content_(number) {}  ///< null where it is not finite
  JsonValue(JsonRaw raw) : content_(std::move(raw)) {}
  JsonValue(JsonArray array) : content_(std::move(array)) {}
  JsonValue(JsonObject object) : content_(std::move(object)) {}
  template <typename Integer, std::enable_if_t<std::is_integral_v<Integer>, int> = 0>
  JsonValue(Integer number) : content_(widened(number)) {}
  template <typename T>
  JsonValue(const std::optional<T>& value) {
    if (value) *this = JsonValue(*value);
  }
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] const Content& content() const { return content_; }

 private:
  template <typename Integer>
  static Content widened(Integer number) {
    if constexpr (std::is_same_v<Integer, bool>) return Content(number);
    if constexpr (std::is_signed_v<Integer>) return Content(std::int64_t{number});
    return Content(static_cast<std::uint64_t>(number));
  }

  Content content_;
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

/// A list of texts as an array.
[[nodiscard]] JsonArray json_array(const std::vector<std::string>& texts);

/// The value as one document: pretty with two spaces, or on one line. Ends with a newline.
[[nodiscard]] std::string json_document(const JsonValue& value,
                                        JsonStyle style = JsonStyle::pretty);

}  // namespace ktstr
