// SPDX-License-Identifier: MIT
#include "query/session_summary.hpp"

#include <utility>

#include "catalog/connection.hpp"

namespace ktstr {
namespace {

std::string counted(std::int64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

Result<std::optional<SessionSummary>> find_session(SQLite::Database& database,
                                                   const std::string& session) {
  return guarded(database.getFilename(), [&]() -> std::optional<SessionSummary> {
    SQLite::Statement statement(database,
                                "SELECT run_dirs, tests, pass, fail, skip, inconclusive\n"
                                "FROM sessions WHERE session = ?");
    statement.bind(1, session);
    if (!statement.executeStep()) return std::nullopt;
    SessionSummary summary;
    std::int64_t* const places[] = {&summary.run_dirs, &summary.tests, &summary.pass,
                                    &summary.fail,     &summary.skip,  &summary.inconclusive};
    for (int i = 0; i < 6; ++i) *places[i] = statement.getColumn(i).getInt64();
    return summary;
  });
}

std::string session_text(const SessionSummary& summary) {
  std::string text = counted(summary.tests, "test", "tests") + " in " +
                     counted(summary.run_dirs, "run directory", "run directories");
  const std::pair<std::int64_t, const char*> verdicts[] = {{summary.pass, "pass"},
                                                           {summary.fail, "fail"},
                                                           {summary.skip, "skip"},
                                                           {summary.inconclusive, "inconclusive"}};
  const char* separator = ": ";
  for (const auto& [count, name] : verdicts) {
    if (count == 0) continue;
    text += separator + std::to_string(count) + " " + name;
    separator = ", ";
  }
  return text;
}

}  // namespace ktstr
