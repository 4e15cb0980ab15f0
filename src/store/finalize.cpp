// SPDX-License-Identifier: MIT
#include "store/finalize.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "environment/places.hpp"
#include "ktstr/record.hpp"
#include "record/json_scanner.hpp"
#include "store/names.hpp"

namespace ktstr {
namespace {

struct Bit {
  std::string_view key;
  bool VerdictBits::*bit;
};
constexpr std::array<Bit, 4> k_bits = {{{"passed", &VerdictBits::passed},
                                        {"skipped", &VerdictBits::skipped},
                                        {"inconclusive", &VerdictBits::inconclusive},
                                        {"expected_failure", &VerdictBits::expected_failure}}};

/// The key that a JSON string without its quotes stands for, as far as it is one of ours: those are
/// ASCII, so no other escape than \u00XX can spell them.
std::string plain_key(std::string_view text) {
  std::string key;
  while (!text.empty()) {
    std::size_t taken = text.front() == '\\' ? 2 : 1;
    if (text.substr(0, 4) == "\\u00") {
      taken = 6;
      key += static_cast<char>(std::stoi(std::string(text.substr(4, 2)), nullptr, 16));
    } else {
      key += text.substr(0, taken);
    }
    text.remove_prefix(taken);
  }
  return key;
}

/// Walks the members of the outermost object of a text that a decoder has found to be one.
class TopLevel {
 public:
  explicit TopLevel(std::string_view json) : scanner_(json) {
    scanner_.skip_space();
    scanner_.skip();  // its brace
  }

  /// The next member's key and the place of its value; false after the last one.
  bool next(std::string& key, std::size_t& begin, std::size_t& end) {
    scanner_.skip_space();
    if (scanner_.peek() == ',') scanner_.skip();
    scanner_.skip_space();
    JsonScanner::String name;
    if (scanner_.peek() == '}' || !scanner_.scan_string(name)) return false;
    key = plain_key(name.text);
    scanner_.skip_space();
    scanner_.skip();  // the colon
    scanner_.skip_space();
    begin = scanner_.position();
    skip_value();
    end = scanner_.position();
    return true;
  }

 private:
  void skip_value() {
    std::size_t depth = 0;
    do {
      const char c = scanner_.peek();
      if (c == '"') {
        JsonScanner::String ignored;
        (void)scanner_.scan_string(ignored);
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      scanner_.skip();
    } while (depth > 0 || !ends_value(scanner_.peek()));
  }
  static bool ends_value(char c) {
    return c == ',' || c == '}' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
  }

  JsonScanner scanner_;
};

std::string with_bits(const std::string& json, const VerdictBits& bits) {
  TopLevel members(json);
  std::string out;
  std::string key;
  std::size_t copied = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  while (members.next(key, begin, end)) {
    for (const Bit& bit : k_bits) {
      if (key != bit.key) continue;
      out.append(json, copied, begin - copied).append(bits.*bit.bit ? "true" : "false");
      copied = end;
    }
  }
  return out.append(json, copied);
}

}  // namespace

Result<VerdictEdit> edit_verdict(const std::string& json, Verdict final_verdict) {
  const auto decoded = decode_record(json, SampleHandling::reduce);
  if (!decoded) return fail(decoded.error());
  if (decoded->contract != Contract::ok) return fail(ErrorCode::parse, decoded->error);
  VerdictEdit edit;
  edit.before = verdict_bits(decoded->record);
  edit.after = finalized_bits(edit.before, final_verdict);
  if (edit.after != edit.before) edit.text = with_bits(json, edit.after);
  return edit;
}

namespace {

using HeldLock = std::optional<RunDirectoryLock>;

// The harness takes no lock here. Ours keeps a retry's result from being replaced by an older one,
// which is worth a moment and not a verdict.
constexpr std::chrono::milliseconds k_longest_wait{2'000};

/// Of the directory that holds the file, if writers lock it; none where one holds it for long.
Result<HeldLock> lock_directory_of(const std::string& path, const FinalizeWrite& how) {
  // A path from within the directory doesn't name it.
  const std::string absolute = absolute_path(path);
  const std::string directory = absolute.substr(0, absolute.rfind('/') + 1);
  const auto lock_path = run_directory_lock_path(directory);
  if (!lock_path || !how.files->status(*lock_path, FollowLinks::no)) return HeldLock();
  auto lock = RunDirectoryLock::acquire(directory, std::min(how.lock_timeout, k_longest_wait),
                                        *how.files, *how.clock);
  if (lock) return HeldLock(std::move(*lock));
  if (lock.error().code == ErrorCode::busy) return HeldLock();
  return fail(std::move(lock.error()));
}

Result<VerdictEdit> read_and_edit(const DirectoryHandle& directory, const std::string& path,
                                  Verdict final_verdict, const FinalizeWrite& how) {
  const auto file = directory.open_file(name_of(path));
  if (!file) return fail(file.error());
  const auto text = (*file)->read_all(how.max_file_bytes);
  if (!text) return fail(text.error());
  auto edit = edit_verdict(*text, final_verdict);
  if (edit && edit->text && edit->before.expected_failure && how.refuse_second_inversion) {
    const VerdictBits& bits = edit->before;
    if (verdict_of(bits.passed, bits.skipped, bits.inconclusive) == final_verdict) {
      edit->text.reset();  // done before
      return edit;
    }
    return fail(ErrorCode::io, "was finalized before: its failure was expected", path,
                "--force does it all the same, and loses that mark");
  }
  if (edit) return edit;
  // The harness takes text that isn't UTF-8 for a failed read, of which it says nothing.
  if (!is_not_utf8(edit.error()) && how.messages) {
    how.messages("ktstr: finalize_sidecar_verdict: unparseable sidecar " + path);
  }
  return fail(ErrorCode::parse, edit.error().message, path);
}

Result<Stamp> replace(DirectoryHandle& directory, const std::string& path, const std::string& bytes,
                      const FinalizeWrite& how) {
  StagedWrite write;
  write.directory = directory_of(path);
  write.target = name_of(path);
  // As the harness names it, so that pre-clear knows an orphan.
  write.staging = write.target + ".tmp.finalize." + std::to_string(::getpid());
  write.bytes = bytes;
  write.label = "sidecar";
  write.sync = how.sync;
  write.at_step = how.at_step;
  write.about_to_replace = [&] {
    const FileChange change{path};
    if (how.observer != nullptr) how.observer->about_to_remove({&change, 1});
  };
  return write_staged_file(directory, write);
}

}  // namespace

Result<bool> finalize_sidecar_file(const std::string& path, Verdict final_verdict,
                                   const FinalizeWrite& how) {
  auto lock = lock_directory_of(path, how);
  if (!lock) return fail(std::move(lock.error()));
  // What is read and what is replaced are in one directory, whatever its path leads to meanwhile.
  const auto directory = how.files->open_to_change(directory_of(path), FollowLinks::yes);
  if (!directory) return fail(directory.error().code, directory.error().message, path);
  const auto edit = read_and_edit(**directory, path, final_verdict, how);
  if (!edit) return fail(edit.error());
  if (!edit->text) return false;
  const auto stamp = replace(**directory, path, *edit->text, how);
  if (!stamp) return fail(stamp.error());
  lock->reset();
  if (how.observer != nullptr) how.observer->rewritten({path, &*edit->text, *stamp});
  return true;
}

}  // namespace ktstr
