// SPDX-License-Identifier: MIT

// Bytes as a sidecar: decoding never crashes, the two ways of decoding agree on what the file is,
// and a record that is ok survives encoding and decoding, after which its text no longer changes.
// Seeds: corpus/decoder.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "ktstr/record.hpp"

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void check_round_trip(const ktstr::Record& record) {
  const std::string text = ktstr::encode_record(record);
  const auto again = ktstr::decode_record(text, ktstr::SampleHandling::keep);
  require(again.has_value(), "an encoded record is JSON");
  require(again->contract == ktstr::Contract::ok, "an encoded record keeps the contract");
  require(ktstr::encode_record(again->record) == text, "encoding again gives the same bytes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string json(reinterpret_cast<const char*>(data), size);
  const auto kept = ktstr::decode_record(json, ktstr::SampleHandling::keep);
  const auto reduced = ktstr::decode_record(json, ktstr::SampleHandling::reduce);
  require(kept.has_value() == reduced.has_value(), "both ways agree on what is JSON");
  if (!kept) return 0;
  require(kept->contract == reduced->contract, "both ways agree on the contract");
  require(kept->error == reduced->error, "both ways complain alike");
  require((kept->contract == ktstr::Contract::ok) == kept->error.empty(), "drift has a complaint");
  if (kept->contract == ktstr::Contract::ok) check_round_trip(kept->record);
  return 0;
}
