// SPDX-License-Identifier: MIT

// Decoding, in this order:
//  1. a byte-order mark: not a sidecar's text at all
//  2. the fast parser's document tree, which takes valid UTF-8 only; where it refuses (or may
//     misread "-0") and the text is UTF-8, the exact reader decides, and rewrites the text so that
//     the tree can be built (json_scanner.hpp)
//  3. one walk over the tree, driven by the tables of fields.hpp (below; values without keys are in
//     decode_values.hpp). It notes the first broken place for each of
//     the two contracts and reads on
//  4. ok if either contract came through whole; a draft gets the list of what is broken instead

#include "record/decoder.hpp"

#include <array>
#include <new>
#include <stdexcept>

#include "base/text.hpp"
#include "ktstr/record.hpp"
#include "record/decode_values.hpp"
#include "record/decode_walk.hpp"
#include "record/json_scanner.hpp"

namespace ktstr::decode {
namespace {

/// Reads one field. False if the key belongs to one contract only and its value doesn't fit it (or
/// says nothing): the other contract takes it as an unknown key.
template <RecordObject T, std::size_t I>
bool read_field(Walk& walk, const element& value, T& out) {
  constexpr auto field = field_at<I>(Fields<T>::k_table);
  const Walk::Narrow narrow(walk, field.side);
  const Walk::Step step(walk, field.key);
  if (field.side == Side::newer) walk.saw_newer_key();
  const std::size_t before = walk.broken();
  if constexpr (field.presence == KeyPresence::required ||
                field.presence == KeyPresence::defaulted) {
    read_not_null(walk, value, out.*field.member);
  } else {
    read(walk, value, out.*field.member);
  }
  if (walk.broken() == before) out.keys.read |= std::uint64_t{1} << I;
  if constexpr (field.side != Side::both) return (out.*field.member).has_value();
  return true;
}

/// A table of fields.hpp, turned to be looked up by key.
template <RecordObject T>
struct FieldIndex {
  std::array<std::string_view, k_field_count<T>> keys;
  std::array<bool (*)(Walk&, const element&, T&), k_field_count<T>> readers;
  std::array<Side, k_field_count<T>> sides;
  std::uint64_t required = 0;  // bit i: the i-th field must be there
};

template <RecordObject T, std::size_t... I>
constexpr FieldIndex<T> make_field_index(std::index_sequence<I...>) {
  static_assert(sizeof...(I) <= 64, "ObjectKeys::read has a bit per field");
  FieldIndex<T> index{{field_at<I>(Fields<T>::k_table).key...},
                      {&read_field<T, I>...},
                      {field_at<I>(Fields<T>::k_table).side...},
                      0};
  const auto bit = [](bool required, std::size_t i) {
    return required ? std::uint64_t{1} << i : std::uint64_t{0};
  };
  index.required =
      (bit(field_at<I>(Fields<T>::k_table).presence == KeyPresence::required, I) | ...);
  return index;
}

template <RecordObject T>
inline constexpr FieldIndex<T> k_field_index =
    make_field_index<T>(std::make_index_sequence<k_field_count<T>>{});

/// Reads one object, a key at a time.
template <RecordObject T>
class ObjectReader {
 public:
  ObjectReader(Walk& walk, T& out) : walk_(walk), out_(out) {}

  void read_key(std::string_view key, const element& item) {
    if (!walk_.unmark(key)) return walk_.report("lone surrogate in a key");
    const std::size_t field = find(key);
    if (field == k_field_count<T>) return keep_unknown(key, item);
    read_known(field, item);
    after_ = k_index.keys[field];
    guess_ = field + 1;
  }

  void report_missing() {
    const std::uint64_t missing = k_index.required & ~seen_;
    for (std::size_t i = 0; missing != 0 && i < k_field_count<T>; ++i) {
      if ((missing >> i & 1) == 0) continue;
      const Walk::Narrow narrow(walk_, k_index.sides[i]);
      walk_.report_missing(k_index.keys[i]);
    }
  }

 private:
  static constexpr const FieldIndex<T>& k_index = k_field_index<T>;

  // Keys come in declared order nearly always, so the one after the last is tried first.
  [[nodiscard]] std::size_t find(std::string_view key) const {
    const auto& keys = k_index.keys;
    if (guess_ < keys.size() && keys[guess_] == key) return guess_;
    return static_cast<std::size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
  }

  void read_known(std::size_t field, const element& item) {
    const std::uint64_t bit = std::uint64_t{1} << field;
    const bool is_first = (seen_ & bit) == 0;
    bool is_held = false;
    if (is_first) {
      seen_ |= bit;
      is_held = k_index.readers[field](walk_, item, out_);
    } else {
      const Walk::Narrow narrow(walk_, k_index.sides[field]);
      walk_.report_duplicate(k_index.keys[field]);
    }
    if (!is_held && k_index.sides[field] != Side::both) keep_unknown(k_index.keys[field], item);
  }

  void keep_unknown(std::string_view key, const element& item) {
    if (!walk_.keeps_all()) return;
    UnknownKey unknown;
    unknown.after = after_;
    append_json_string(unknown.key, key);
    unknown.value = compact_json(walk_, item);
    out_.keys.unknown.push_back(std::move(unknown));
  }

  Walk& walk_;
  T& out_;
  std::uint64_t seen_ = 0;
  std::string_view after_;
  std::size_t guess_ = 0;
};

/// The histogram's own maximum is exact; a bucket's middle is not.
void use_exact_maximum(PlatStats& stats) {
  if (stats.plat.reduced.n > 0 && was_read(stats, &PlatStats::max)) {
    stats.plat.reduced.max = static_cast<double>(stats.max);
  }
}

}  // namespace

template <RecordObject T>
void read(Walk& walk, const element& value, T& out) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return walk.report_type(value, "an object");
  ObjectReader<T> reader(walk, out);
  for (const auto& [key, item] : object) reader.read_key(key, item);
  reader.report_missing();
  if constexpr (std::is_same_v<T, PlatStats>) use_exact_maximum(out);
}

namespace {

constexpr const char* k_not_utf8_hint = "utf-8";

/// What is wanted of a document.
struct DecodeRequest {
  SampleHandling samples = SampleHandling::keep;
  RecordDraft* draft = nullptr;  ///< gets all that is broken, if there is one
};

Result<DecodedRecord> walk_document(const element& root, bool is_rewritten,
                                    const DecodeRequest& request) {
  if (!root.is_object()) return fail(ErrorCode::parse, "the document is not a JSON object");
  BreakList breaks;
  Walk walk(request.samples, is_rewritten, request.draft != nullptr ? &breaks : nullptr);
  DecodedRecord decoded;
  read(walk, root, decoded.record);
  if (!walk.is_ok()) {
    decoded.contract = Contract::drift;
    decoded.error = walk.error();
    if (request.draft != nullptr) breaks.move_to(*request.draft, walk.looks_newer());
  }
  return decoded;
}

/// True if parsing the string in place can't read past its allocation.
bool has_padding(const std::string& text) {
  return text.capacity() - text.size() >= simdjson::SIMDJSON_PADDING;
}

/// That it lacks the memory says nothing of the text, so it is thrown as `new` throws it.
simdjson::error_code parse(simdjson::dom::parser& parser, const std::string& json, element& root) {
  const auto problem = parser.parse(json.data(), json.size(), !has_padding(json)).get(root);
  if (problem == simdjson::MEMALLOC) {
    parser = simdjson::dom::parser();  // half of it may be there, and be taken for the whole
    throw std::bad_alloc();
  }
  return problem;
}

Result<DecodedRecord> decode_with(simdjson::dom::parser& parser, const std::string& json,
                                  const DecodeRequest& request) {
  element root;
  if (!may_hold_negative_zero(json) && parse(parser, json, root) == simdjson::SUCCESS) {
    return walk_document(root, false, request);
  }
  if (!simdjson::validate_utf8(json)) {
    return fail(ErrorCode::parse, "stream did not contain valid UTF-8", {}, k_not_utf8_hint);
  }
  const auto parsable = make_parsable(json);
  if (!parsable) return fail(parsable.error());
  if (const auto refused = parse(parser, *parsable, root); refused != simdjson::SUCCESS) {
    return fail(ErrorCode::parse, simdjson::error_message(refused));
  }
  return walk_document(root, true, request);
}

/// Throws for want of memory.
Result<DecodedRecord> decode_text(const std::string& json, const DecodeRequest& request) {
  if (json.compare(0, 3, "\xEF\xBB\xBF") == 0 && simdjson::validate_utf8(json)) {
    return fail(ErrorCode::parse, "expected value at line 1 column 1 (a byte-order mark)");
  }
  // A parser keeps its buffers for the next file; those of a huge one are given back at once.
  constexpr std::size_t k_reuse_limit_bytes = 1 << 20;
  if (json.size() > k_reuse_limit_bytes) {
    simdjson::dom::parser parser;
    return decode_with(parser, json, request);
  }
  thread_local simdjson::dom::parser parser;
  return decode_with(parser, json, request);
}

Result<DecodedRecord> decode_document(const std::string& json, const DecodeRequest& request) {
  constexpr const char* k_out_of_memory = "out of memory";  // short: it has to do without
  try {
    return decode_text(json, request);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::busy, k_out_of_memory);
  } catch (const std::length_error&) {  // an amount that no machine has
    return fail(ErrorCode::busy, k_out_of_memory);
  }
}

}  // namespace
}  // namespace ktstr::decode

namespace ktstr {

Result<DecodedRecord> decode_record(const std::string& json, SampleHandling samples) {
  return decode::decode_document(json, {samples, nullptr});
}

bool is_not_utf8(const Error& error) { return error.hint == decode::k_not_utf8_hint; }

Result<RecordDraft> decode_draft(const std::string& json) {
  RecordDraft draft;
  auto decoded = decode::decode_document(json, {SampleHandling::keep, &draft});
  if (!decoded) return fail(std::move(decoded.error()));
  draft.record = std::move(decoded->record);
  return draft;
}

}  // namespace ktstr
