// SPDX-License-Identifier: MIT
#include "store/names.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <system_error>

#include "base/text.hpp"
#include "ktstr/index.hpp"

namespace ktstr {

std::string absolute_path(const std::string& path) {
  std::error_code failed;
  auto absolute = std::filesystem::absolute(path, failed);
  return failed ? path : absolute.string();
}

namespace {

constexpr std::string_view k_staging_marker = ".ktstr.json.tmp.";
constexpr std::size_t k_hash_digits = 16;

struct HashedStem {
  std::string_view test;
  std::uint64_t hash = 0;
};

/// Takes what Rust's parser of unsigned numbers takes: either case, and a plus sign in front.
std::optional<std::uint64_t> parse_hex(std::string_view digits) {
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

/// "TEST-HASH". A test's name is a Rust identifier, so the last dash is the one before the hash.
std::optional<HashedStem> split_hashed_stem(std::string_view stem) {
  const std::size_t dash = stem.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view digits = stem.substr(dash + 1);
  if (digits.size() != k_hash_digits) return std::nullopt;
  const auto hash = parse_hex(digits);
  if (!hash) return std::nullopt;
  return HashedStem{stem.substr(0, dash), *hash};
}

ArtifactName name_artifact(ArtifactKind kind, std::string_view stem) {
  if (const auto split = split_hashed_stem(stem)) {
    return {kind, std::string(split->test), split->hash, true};
  }
  return {kind, std::string(stem), 0, false};
}

struct ArtifactSuffix {
  std::string_view text;
  ArtifactKind kind;
};

// A repro suffix ends in the bare one of its kind, so it has to be tried first.
constexpr std::array<ArtifactSuffix, 5> k_suffixes = {{
    {".repro.failure-dump.json", ArtifactKind::repro_failure_dump},
    {".failure-dump.json", ArtifactKind::failure_dump},
    {".repro.wprof.pb", ArtifactKind::repro_wprof},
    {".wprof.pb", ArtifactKind::wprof},
    {".ktstr.json", ArtifactKind::sidecar},
}};

}  // namespace

// Rust's Path::extension gives none for a name whose only dot is its first byte, like ".json". Such
// a name can't hold ".ktstr.", so the end of the name is all that has to be compared here.
bool is_sidecar_filename(std::string_view name) {
  return name.ends_with(".json") && name.find(".ktstr.") != std::string_view::npos &&
         is_valid_utf8(name);
}

bool is_sidecar_staging_filename(std::string_view name) {
  return name.find(k_staging_marker) != std::string_view::npos && is_valid_utf8(name);
}

bool is_run_directory_name(std::string_view name) { return !name.starts_with('.'); }

const char* artifact_kind_name(ArtifactKind kind) {
  switch (kind) {
    case ArtifactKind::sidecar:
      return "sidecar";
    case ArtifactKind::failure_dump:
      return "failure-dump";
    case ArtifactKind::repro_failure_dump:
      return "repro-failure-dump";
    case ArtifactKind::wprof:
      return "wprof";
    case ArtifactKind::repro_wprof:
      return "repro-wprof";
    case ArtifactKind::staging:
      return "staging";
  }
  return "sidecar";
}

std::optional<ArtifactName> classify_artifact(std::string_view name) {
  if (!is_valid_utf8(name)) return std::nullopt;
  for (const ArtifactSuffix& suffix : k_suffixes) {
    if (!name.ends_with(suffix.text)) continue;
    ArtifactName found =
        name_artifact(suffix.kind, name.substr(0, name.size() - suffix.text.size()));
    // Older programs wrote dumps and traces without a hash, but never a sidecar.
    if (suffix.kind == ArtifactKind::sidecar && !found.has_hash) return std::nullopt;
    return found;
  }
  if (!is_sidecar_staging_filename(name)) return std::nullopt;
  return name_artifact(ArtifactKind::staging, name.substr(0, name.find(k_staging_marker)));
}

}  // namespace ktstr
