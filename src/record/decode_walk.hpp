// SPDX-License-Identifier: MIT
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/record.hpp"
#include "record/decoder.hpp"
#include "record/fields.hpp"
#include "record/json_scanner.hpp"

namespace ktstr::decode {

using simdjson::dom::element;

/// Every broken place, for who wants more than the first. Places beyond those that are listed are
/// only counted.
class BreakList {
 public:
  void count(Side side);
  [[nodiscard]] bool has_room() const { return places_.size() < RecordDraft::k_most_listed; }
  void add(Side side, ContractBreak place) { places_.push_back({side, std::move(place)}); }

  /// Hands out those of the contract that is broken less; of `looks_newer`'s if both are alike.
  void move_to(RecordDraft& draft, bool looks_newer);

 private:
  struct Sided {
    Side side;
    ContractBreak place;
  };
  std::vector<Sided> places_;
  std::size_t target_count_ = 0;
  std::size_t newer_count_ = 0;
};

/// Where the walk over a document is, and the first broken place for each of the two contracts. It
/// never stops at a broken place, so that a drifted file still gives what is readable. One a
/// document; not thread-safe.
class Walk {
 public:
  /// `rewritten`: the document's strings may be marked (json_scanner.hpp). `all_breaks` may be
  /// null.
  Walk(SampleHandling samples, bool rewritten, BreakList* all_breaks)
      : samples_(samples), rewritten_(rewritten), all_breaks_(all_breaks) {}

  /// Samples and unknown keys alike.
  [[nodiscard]] bool keeps_all() const { return samples_ == SampleHandling::keep; }

  [[nodiscard]] bool is_rewritten() const { return rewritten_; }

  /// How many broken places so far; a caller compares before and after.
  [[nodiscard]] std::size_t broken() const { return broken_; }

  /// Whether an object with broken places is still worth its memory. A file with very many is not
  /// of another version but hostile: "{}" is three bytes, and an object of ours may be a thousand.
  [[nodiscard]] bool keeps_half_read() const { return broken_ < k_most_half_read; }

  void report(std::string_view message);
  void report_type(const element& value, std::string_view expected);
  void report_value(const element& value, std::string_view expected);
  void report_missing(std::string_view key);
  void report_duplicate(std::string_view key);
  void report_unknown_variant(std::string_view name, const std::string_view* names,
                              std::size_t count);

  /// What a string of the tree stands for; none if just for itself.
  [[nodiscard]] std::optional<MarkedValue> marked(std::string_view string) const {
    if (!rewritten_) return std::nullopt;
    return marked_value(string);
  }
  [[nodiscard]] std::optional<MarkedValue> marked(const element& value) const {
    std::string_view string;
    if (!rewritten_ || value.get(string) != simdjson::SUCCESS) return std::nullopt;
    return marked_value(string);
  }

  /// The document's own text of a key or string of the tree; false if there isn't one, as for a
  /// lone surrogate.
  [[nodiscard]] bool unmark(std::string_view& string) const {
    const auto special = marked(string);
    if (!special) return true;
    string = special->text;
    return special->kind == MarkedKind::plain;
  }

  void saw_newer_key() { has_newer_key_ = true; }
  [[nodiscard]] bool looks_newer() const { return has_newer_key_; }

  [[nodiscard]] bool is_ok() const { return target_error_.empty() || newer_error_.empty(); }
  /// The complaint of the contract that the file looks made for.
  [[nodiscard]] std::string error() const {
    if (is_ok()) return {};
    return has_newer_key_ ? newer_error_ : target_error_;
  }

  /// One step of the path, for as long as it lives. They hang together on the stack, since a path
  /// is wanted only where something is broken.
  class Step {
   public:
    Step(Walk& walk, std::string_view key) : walk_(walk), before_(walk.last_step_), key_(key) {
      walk_.last_step_ = this;
    }
    Step(Walk& walk, std::size_t index) : walk_(walk), before_(walk.last_step_), index_(index) {
      walk_.last_step_ = this;
    }
    ~Step() { walk_.last_step_ = before_; }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

    [[nodiscard]] const Step* before() const { return before_; }
    void append_to(std::string& text) const;

   private:
    Walk& walk_;
    const Step* before_;
    std::string_view key_;  // no data pointer: an index
    std::size_t index_ = 0;
  };

  /// While it lives, broken places are those of one contract only (if the side is not both). They
  /// don't break what is around: the other contract may hold.
  class Narrow {
   public:
    Narrow(Walk& walk, Side side) : walk_(walk), broken_before_(walk.broken_) {
      walk_.side_ = side;
    }
    ~Narrow() {
      if (walk_.side_ != Side::both) walk_.broken_ = broken_before_;
      walk_.side_ = Side::both;
    }
    Narrow(const Narrow&) = delete;
    Narrow& operator=(const Narrow&) = delete;

   private:
    Walk& walk_;
    std::size_t broken_before_;
  };

 private:
  static constexpr std::size_t k_most_half_read = 100'000;

  // Counts a broken place; true if its message is one that will be kept.
  bool count_broken();
  void note(const std::string& message, std::string_view missing_key = {});
  [[nodiscard]] std::string path_text() const;
  [[nodiscard]] std::string describe(const element& value) const;
  [[nodiscard]] std::string describe_marked(const MarkedValue& value) const;

  SampleHandling samples_;
  bool rewritten_;
  BreakList* all_breaks_;
  Side side_ = Side::both;
  const Step* last_step_ = nullptr;
  std::string target_error_;
  std::string newer_error_;
  std::size_t broken_ = 0;
  bool has_newer_key_ = false;
};

/// The value as compact JSON text, as an UnknownKey holds it.
[[nodiscard]] std::string compact_json(const Walk& walk, const element& value);

}  // namespace ktstr::decode
