// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ktstr {
namespace {

std::vector<std::string> made(const std::vector<std::string>& arguments) {
  Context context;
  std::vector<std::string> names;
  for (const Command& command : make_program(context, arguments).root.subcommands) {
    names.push_back(command.name);
  }
  return names;
}

TEST(Program, MakesTheCommandThatIsNamedAndNoOther) {
  Context context;
  const Program whole = make_whole_program(context);
  ASSERT_GT(whole.root.subcommands.size(), 20U);
  for (const Command& command : whole.root.subcommands) {
    EXPECT_EQ(made({"--root", "r", command.name}), std::vector<std::string>{command.name});
  }
}

TEST(Program, MakesEachCommandThatMayBeMeant) {
  EXPECT_EQ(made({"--root", "list", "query"}), (std::vector<std::string>{"query", "list"}));
  EXPECT_EQ(made({"lsit"}), std::vector<std::string>{});
}

}  // namespace
}  // namespace ktstr
