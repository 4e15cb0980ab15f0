// SPDX-License-Identifier: MIT
#include "library/pack_documents.hpp"

#include <set>
#include <string_view>

#include "base/hashing.hpp"
#include "base/text.hpp"
#include "catalog/read_sidecar.hpp"
#include "environment/places.hpp"
#include "store/footer.hpp"

namespace ktstr {

template <typename Redact>
std::string PackWords::once(const std::string& key, const std::string& value, Redact redact) {
  const auto [entry, is_new] = known_.try_emplace({key, value});
  if (is_new) entry->second = redact();
  return entry->second;
}

std::string PackWords::text(const std::string& value) {
  return once("text", value, [&] { return redaction_.text(value, counts_); });
}

std::string PackWords::name(const std::string& value) {
  return once("name", value, [&] { return redaction_.name(value, counts_); });
}

std::string PackWords::file_name(const std::string& value) {
  return once("file", value, [&] { return redaction_.file_name(value, counts_); });
}

std::string PackWords::label(const std::string& key, const std::string& value) {
  return once("label " + key, value, [&] { return redaction_.value_of(key, value, counts_); });
}

namespace {

/// Where the digits begin, which may be capital letters in the name.
std::size_t hash_position(std::string_view file_name, const std::string& hash) {
  std::string lower(file_name);
  for (char& c : lower) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower.rfind("-" + hash) + 1;
}

}  // namespace

/// False: somebody wants it to stop.
bool PackDocuments::learn_names(const PackChoice& choice) {
  RedactionOptions redaction{own_host_names(), options_.key};
  Redaction first(redaction);
  for (const auto* versions : {&choice.sidecars, &choice.dumps}) {
    for (const FileVersion& version : *versions) {
      if (options_.should_stop && options_.should_stop()) return false;
      const auto document = version.id.empty() ? std::nullopt : from_.document(version.id);
      const auto bytes = document ? unpack_document(*document) : Result<std::string>();
      if (!bytes) continue;
      for (std::string& host : first.hosts_named_in(*bytes)) {
        redaction.host_names.push_back(std::move(host));
      }
    }
  }
  learn_from_names(choice, first, redaction.host_names);
  words_.emplace(redaction);
  return true;
}

/// Sessions, directories and labels name machines, too.
void PackDocuments::learn_from_names(const PackChoice& choice, Redaction& redaction,
                                     std::vector<std::string>& hosts) {
  std::set<std::pair<std::string, std::string>> named;
  for (const auto* versions : {&choice.sidecars, &choice.dumps}) {
    for (const FileVersion& version : *versions) {
      for (const std::string& name :
           {version.run_dir, version.job, version.file_name, version.session.value_or("")}) {
        named.insert({"", name});
      }
    }
  }
  SQLite::Statement labels(source_, "SELECT DISTINCT key, value FROM label");
  while (labels.executeStep()) named.insert({column_bytes(labels, 0), column_bytes(labels, 1)});
  for (const auto& [key, value] : named) {
    for (std::string& host : redaction.hosts_in_value(key, value)) hosts.push_back(std::move(host));
  }
}

std::optional<std::string> PackDocuments::seen_bytes(const FileVersion& version) {
  reason_ = version.not_kept.empty() ? "its bytes are not kept" : "not kept: " + version.not_kept;
  const auto document = version.id.empty() ? std::nullopt : from_.document(version.id);
  if (document) {
    auto bytes = unpack_document(*document);
    if (bytes) return std::move(*bytes);
    reason_ = bytes.error().message;
  }
  left_out_.add(version.path(), reason_);
  return std::nullopt;
}

std::optional<Outgoing> PackDocuments::outgoing(const FileVersion& version) {
  auto bytes = seen_bytes(version);
  if (!bytes) return std::nullopt;
  const auto original = from_.document(version.id);
  Outgoing document{"", version.id, version.size_bytes, original && original->is_redacted};
  if (!words_) {
    document.bytes = std::move(*bytes);
    return document;
  }
  auto redacted = words_->redaction().document(*bytes);
  if (!redacted) {
    reason_ = "not JSON, so nobody can say what it tells (--with-host packs it as it is)";
    left_out_.add(version.path(), reason_);
    return std::nullopt;
  }
  counts_.add(redacted->counts);
  set_bytes(version, document, std::move(redacted->json));
  return document;
}

/// Dumps repeat the names of files.
void PackDocuments::set_bytes(const FileVersion& version, Outgoing& document, std::string bytes) {
  for (const auto& [from, to] : replaced_hashes_) {
    for (std::size_t at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at)) {
      bytes.replace(at, from.size(), to);
    }
  }
  document.bytes = std::move(bytes);
  document.size_bytes = static_cast<std::int64_t>(document.bytes.size());
  document.id = content_id(document.bytes);
  document.is_redacted = document.is_redacted || document.id != version.id;
}

void PackDocuments::decode(const FileVersion& version, const std::string& variant_hash,
                           Outgoing& document, PreparedFile& file) {
  decode_into(file, document.bytes);
  if (!words_) return;
  const auto in_name = dump_name(version.file_name).hash;
  // The first of a record's columns.
  const auto* const hash =
      file.record ? std::get_if<std::string>(&file.record->columns.front()) : nullptr;
  if (document.id == version.id || (hash != nullptr && *hash == variant_hash)) {
    if (in_name) file_hashes_[{version.directory_id, *in_name}] = *in_name;
    return;
  }
  // What was made of unknown parts is replaced by what only the key makes of it.
  const std::string old = in_name.value_or(variant_hash);
  if (old.empty()) return;
  const std::string written = hash != nullptr ? *hash : keyed(old);
  replace_hash(version, old, written);
  if (!variant_hash.empty()) replace_hash(version, variant_hash, written);
  set_bytes(version, document, std::move(document.bytes));
  file.record.reset();
  decode_into(file, document.bytes);
}

void PackDocuments::replace_hash(const FileVersion& version, const std::string& from,
                                 const std::string& to) {
  file_hashes_[{version.directory_id, from}] = to;
  if (from != to) replaced_hashes_[from] = to;
}

std::string PackDocuments::file_name(const FileVersion& version) {
  if (!words_) return version.file_name;
  std::string name = words_->file_name(version.file_name);
  const auto hash = dump_name(version.file_name).hash;
  if (!hash) return name;
  std::string& written = file_hashes_[{version.directory_id, *hash}];
  // Of what a hash was made whose result isn't in the pack, nobody has looked at.
  if (written.empty()) written = keyed(*hash);
  const std::size_t behind = version.file_name.size() - hash_position(version.file_name, *hash);
  return name.replace(name.size() - behind, hash->size(), written);
}

std::string PackDocuments::keyed(const std::string& hash) const {
  return hex16(siphash13(hash, options_.key.first, options_.key.second));
}

RedactionCounts PackDocuments::counts() const {
  RedactionCounts counts = counts_;
  if (words_) counts.add(words_->counts());
  return counts;
}

}  // namespace ktstr
