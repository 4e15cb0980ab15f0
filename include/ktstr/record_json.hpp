// SPDX-License-Identifier: MIT
#pragma once

// Between a record and its JSON text. Rules: the harness's serde derive (spec "record"), and the
// project's annex for the statuses. Every function here is thread-safe.

#include <string>

#include "ktstr/record.hpp"
#include "ktstr/result.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// keep: everything, so that the record can be encoded again. reduce: sample vectors and
/// histograms are checked and reduced but not kept, and neither are unknown keys; for indexing.
enum class SampleHandling { keep, reduce };

/// ok: the harness's reader, or the newer producer's, would take the file as it is.
/// drift: a JSON object that breaks the contract.
enum class Contract { ok, drift };

struct DecodedRecord {
  Record record;  ///< of a drifted file: what was readable; ObjectKeys::read says what that is
  Contract contract = Contract::ok;
  std::string error;  ///< of drift: the first broken path, "stats.phases[0].label: invalid type…"
};

/// Decodes one sidecar's bytes.
/// Error (code parse): not one JSON text, or its top is not an object ("corrupt"). Its hint is
/// "utf-8" when the bytes are not UTF-8, which the harness counts as a failed read. Code busy: the
/// memory for it was not to be had, and nothing is known of the text.
/// Drift is not an error. With samples reduced it needs, text included, at most three times the
/// text's size; a string with 64 bytes of spare capacity is not copied.
[[nodiscard]] Result<DecodedRecord> decode_record(const std::string& json, SampleHandling samples);

/// Of an error of decode_record(): whether the bytes are not UTF-8.
[[nodiscard]] bool is_not_utf8(const Error& error);

/// Byte for byte what serde's pretty printer writes for this record: two spaces, declared key
/// order, no newline at the end; NaN and infinities become null. Unknown keys come back where they
/// stood. A record decoded with SampleHandling::reduce loses its samples.
[[nodiscard]] std::string encode_record(const Record& record);

}  // namespace ktstr
#pragma GCC visibility pop
