// SPDX-License-Identifier: MIT
#pragma once

// Records as a harness in another language hands them over: JSON in which the keys that the
// environment knows may be missing.

#include <string>

#include "ktstr/record.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// A whole record. timestamp and run_id, which a complete record must have, may be missing: like
/// the optional keys they are left for FillIn::missing_keys. Error (parse): not a record even so;
/// the message has everything that is missing or wrong.
[[nodiscard]] Result<Record> parse_harness_record(const std::string& json);

/// The parts of a record that say which test and variant it is of: test_name, topology, scheduler,
/// work_type, sysctls, kargs and, where there is one, payload. Whatever else is there, as far as it
/// is readable, comes along. Error (parse): some are missing or of the wrong type; the message
/// names them.
[[nodiscard]] Result<Record> parse_harness_identity(const std::string& json);

/// The same without the test's name, for what only needs the variant.
[[nodiscard]] Result<Record> parse_harness_variant(const std::string& json);

}  // namespace ktstr
