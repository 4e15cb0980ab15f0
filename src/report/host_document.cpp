// SPDX-License-Identifier: MIT
#include "report/host_document.hpp"

#include <map>
#include <type_traits>
#include <utility>

#include "record/fields.hpp"

namespace ktstr {
namespace {

template <RecordObject T>
JsonObject object_document(const T& object);

JsonValue to_json(const std::string& text) { return text; }
JsonValue to_json(std::uint64_t number) { return number; }
JsonValue to_json(const HostHeapState& heap) { return object_document(heap); }

template <typename E>
requires std::is_enum_v<E> JsonValue to_json(E state) {
  return EnumNames<E>::k_names[static_cast<std::size_t>(state)];
}

JsonValue to_json(const std::map<std::string, std::string>& texts) {
  JsonObject object;
  for (const auto& [key, text] : texts) object.add(key, text);
  return object;
}

JsonValue to_json(const std::map<std::uint64_t, std::string>& texts) {
  JsonObject object;
  for (const auto& [number, text] : texts) object.add(std::to_string(number), text);
  return object;
}

template <typename T>
void add_member(JsonObject& document, std::string_view key, const std::optional<T>& value) {
  if (value) document.add(std::string(key), to_json(*value));
}

/// Left out where it is empty, as the writer does.
void add_member(JsonObject& document, std::string_view key,
                const std::map<std::uint64_t, std::string>& texts) {
  if (!texts.empty()) document.add(std::string(key), to_json(texts));
}

template <RecordObject T>
JsonObject object_document(const T& object) {
  JsonObject document;
  const auto add = [&](const auto& field) {
    add_member(document, field.key, object.*field.member);
  };
  std::apply([&](const auto&... field) { (add(field), ...); }, Fields<T>::k_table);
  return document;
}

}  // namespace

JsonObject host_document(const HostContext& host) { return object_document(host); }

}  // namespace ktstr
