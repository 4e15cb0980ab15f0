// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <utility>

namespace ktstr::test {

/// The text of a metadata.json that can be read; a test changes, adds or removes members. Values
/// are JSON text.
class MetadataText {
 public:
  MetadataText() = default;

  MetadataText& with(const std::string& key, std::string value) {
    members_[key] = std::move(value);
    return *this;
  }
  MetadataText& with_local_source(const std::string& path) {
    return with("source", R"({"type":"local","source_tree_path":")" + path + R"("})");
  }
  MetadataText& without(const std::string& key) {
    members_.erase(key);
    return *this;
  }
  [[nodiscard]] std::string text() const {
    std::string text;
    for (const auto& [key, value] : members_) {
      text += (text.empty() ? "{\"" : ",\"") + key + "\":" + value;
    }
    return text + "}";
  }

 private:
  std::map<std::string, std::string> members_ = {
      {"version", R"("6.14.2")"},     {"source", R"({"type":"tarball"})"},
      {"arch", R"("x86_64")"},        {"image_name", R"("bzImage")"},
      {"config_hash", "null"},        {"built_at", R"("2026-04-12T10:00:00Z")"},
      {"ktstr_kconfig_hash", "null"}, {"extra_kconfig_hash", "null"},
      {"has_vmlinux", "true"},        {"vmlinux_stripped", "true"},
      {"source_vmlinux_size", "5"},   {"source_vmlinux_mtime_secs", "-3"},
  };
};

}  // namespace ktstr::test
