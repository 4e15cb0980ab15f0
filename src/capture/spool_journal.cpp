// SPDX-License-Identifier: MIT
#include "capture/spool_journal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "environment/places.hpp"

namespace ktstr {
namespace {

bool is_number(std::string_view text) {
  constexpr std::size_t k_most_digits = 20;  // of 64 bits
  return !text.empty() && text.size() <= k_most_digits &&
         std::all_of(text.begin(), text.end(),
                     [](char byte) { return byte >= '0' && byte <= '9'; });
}

/// The spool's path without its last three parts.
std::string root_of(const std::string& path) {
  const std::string below =
      std::string("/") + k_index_directory_name + "/" + k_spool_parent_name + "/";
  const std::size_t at = path.rfind(below);
  if (at == std::string::npos) return {};
  return at == 0 ? "/" : path.substr(0, at);
}

}  // namespace

bool is_spool_name(std::string_view name) {
  const auto parts = split(name, '-');
  return (parts.size() == 2 || parts.size() == 3) &&
         std::all_of(parts.begin(), parts.end(), is_number);
}

bool is_spooled_file_name(std::string_view name) { return is_number(name) && name.front() != '0'; }

Result<Descriptor> open_spool_parent(const std::string& root, posix::Missing missing) {
  return posix::open_own_directories(root, {k_index_directory_name, k_spool_parent_name}, missing);
}

Result<OpenSpool> open_spool(const std::string& path) {
  OpenSpool spool;
  spool.path = path;
  spool.name = name_of(path);
  const std::string root = root_of(path);
  if (root.empty() || !is_spool_name(spool.name)) {
    return fail(ErrorCode::corrupt, "not the name of a spool", path);
  }
  const auto unless_missing = [](Result<Descriptor> opened) {
    const bool is_missing = !opened && opened.error().code == ErrorCode::not_found;
    return is_missing ? Result<Descriptor>(Descriptor()) : std::move(opened);
  };
  auto parent = unless_missing(open_spool_parent(root, posix::Missing::is_an_error));
  if (!parent) return fail(std::move(parent.error()));
  spool.parent = std::move(*parent);
  if (!spool.parent.is_open()) return spool;
  auto directory = unless_missing(posix::open_own_directory_at(
      posix::inside(spool.parent, spool_parent(root), spool.name), posix::Missing::is_an_error));
  if (!directory) return fail(std::move(directory.error()));
  spool.directory = std::move(*directory);
  return spool;
}

namespace {

constexpr std::string_view k_head = "ktstr-index spool ";
constexpr std::string_view k_version = "1";
constexpr std::string_view k_link = "link";
constexpr std::string_view k_copy = "copy";
constexpr std::size_t k_fields = 9;

/// Bytes that would end a field or a line, and those that would make the journal hard to look at.
bool is_plain(unsigned char byte) { return byte > 0x20 && byte < 0x7f && byte != '%'; }

void append_escaped(std::string& out, std::string_view bytes) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  for (const char character : bytes) {
    const auto byte = static_cast<unsigned char>(character);
    if (is_plain(byte)) {
      out += character;
    } else {
      out += '%';
      out += k_digits[byte >> 4U];
      out += k_digits[byte & 0xfU];
    }
  }
}

std::optional<std::string> unescape(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      bytes += text[at];
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(at + 1, 2);
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, byte, 16);
    if (digits.size() != 2 || error != std::errc{} || stop != end) return std::nullopt;
    bytes += static_cast<char>(byte);
    at += 2;
  }
  return bytes;
}

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end;
}

/// The journal lies where others may write, and its names become paths.
bool is_one_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string::npos;
}

std::optional<JournalLine> parse_line(std::string_view text) {
  const auto fields = split(text, '\t');
  if (fields.size() != k_fields) return std::nullopt;
  JournalLine line;
  SpoolEntry& entry = line.entry;
  if (!parse_number(fields[0], line.number) || !parse_number(fields[2], entry.captured_ns) ||
      !parse_number(fields[3], entry.mtime_ns) || !parse_number(fields[4], entry.size_bytes)) {
    return std::nullopt;
  }
  if (fields[1] != k_link && fields[1] != k_copy) return std::nullopt;
  entry.is_copy = fields[1] == k_copy;
  std::array<std::string, 4> texts;
  for (std::size_t index = 0; index < texts.size(); ++index) {
    auto bytes = unescape(fields[5 + index]);
    if (!bytes) return std::nullopt;
    texts[index] = std::move(*bytes);
  }
  if (!texts[0].empty()) entry.session = std::move(texts[0]);
  entry.run_dir = std::move(texts[1]);
  entry.job = std::move(texts[2]);
  entry.file_name = std::move(texts[3]);
  const bool is_inside = is_one_name(entry.run_dir) && is_one_name(entry.file_name) &&
                         (entry.job.empty() || is_one_name(entry.job));
  return is_inside ? std::optional(std::move(line)) : std::nullopt;
}

}  // namespace

std::string journal_head() { return std::string(k_head) + std::string(k_version) + "\n"; }

std::string journal_line(std::uint64_t number, const SpoolEntry& entry) {
  std::string line = std::to_string(number) + '\t';
  line += entry.is_copy ? k_copy : k_link;
  for (const std::int64_t value : {entry.captured_ns, entry.mtime_ns, entry.size_bytes}) {
    line += '\t' + std::to_string(value);
  }
  // An empty token says nothing, so it needs no sign of its own.
  for (const std::string& text :
       {entry.session.value_or(std::string()), entry.run_dir, entry.job, entry.file_name}) {
    line += '\t';
    append_escaped(line, text);
  }
  return line + '\n';
}

Result<std::vector<JournalLine>> parse_journal(std::string_view text) {
  std::vector<JournalLine> lines;
  bool is_head = true;
  for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos;
       text.remove_prefix(end + 1)) {
    const std::string_view line = text.substr(0, end);
    if (!is_head) {
      if (auto parsed = parse_line(line)) lines.push_back(std::move(*parsed));
      continue;
    }
    if (!line.starts_with(k_head)) return fail(ErrorCode::corrupt, "not the journal of a spool");
    if (line.substr(k_head.size()) != k_version) {
      return fail(ErrorCode::newer_version, "the spool of another version of this program");
    }
    is_head = false;
  }
  return lines;
}

}  // namespace ktstr
