// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace ktstr::test {

/// The project's top level.
[[nodiscard]] std::filesystem::path source_directory();

/// Path of a file of the shared test data ("example.ktstr.json"), looked for in KTSTR_SHARED_DATA,
/// else in ../shared/data beside the source root. Nothing if it isn't there: the test skips
/// itself. Where CI is set that also makes the running test fail, since a skip would go unseen.
///
///     const auto path = shared_data_path("example.ktstr.json");
///     if (!path) GTEST_SKIP() << "no shared data";
[[nodiscard]] std::optional<std::string> shared_data_path(std::string_view file);

}  // namespace ktstr::test
