// SPDX-License-Identifier: MIT
#include "library/session.hpp"

#include <gtest/gtest.h>

#include "support/small_records.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

TEST(Session, TellsOfDamageThatOnlyTheRefreshCameAcross) {
  TemporaryDirectory directory;
  directory.write("runs/run/a.ktstr.json", sidecar_of("a"));
  SessionOptions options;
  options.root = directory.path("runs");
  options.variables = [](const std::string&) { return std::optional<std::string>(); };
  auto session = Session::open(options);
  ASSERT_TRUE(session) << session.error().text();
  EXPECT_TRUE(session->take_warnings().empty());
  // A row that breaks a CHECK is one that our statements never make.
  session->database().exec(
      "CREATE TRIGGER broken BEFORE INSERT ON sidecar BEGIN "
      "INSERT INTO directory(run_dir, job, settled) VALUES('x', 'x', 7); END");
  ASSERT_TRUE(session->refresh({}));
  const std::vector<std::string> warnings = session->take_warnings();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("a new one is made"), std::string::npos) << warnings[0];
  EXPECT_TRUE(session->take_warnings().empty());
}

}  // namespace
}  // namespace ktstr::test
