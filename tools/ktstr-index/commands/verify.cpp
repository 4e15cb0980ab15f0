// SPDX-License-Identifier: MIT
#include "catalog/verify.hpp"

#include <map>
#include <memory>
#include <utility>

#include "answer.hpp"
#include "base/time_text.hpp"
#include "commands/commands.hpp"

namespace ktstr {
namespace {

struct VerifyFlags {
  bool repair = false;
};

JsonObject to_document(const VerifyReport& report) {
  JsonArray differences;
  for (const Difference& difference : report.differences) {
    JsonObject object;
    object.add("path", difference.path).add("kind", difference.kind);
    differences.emplace_back(std::move(object));
  }
  JsonObject document;
  document.add("checked", report.checked).add("differences", std::move(differences));
  return document;
}

std::vector<Fact> to_facts(const VerifyReport& report) {
  std::vector<Fact> facts = {{"checked", std::to_string(report.checked)},
                             {"differences", std::to_string(report.differences.size())}};
  std::map<std::string, std::string> paths;
  for (const Difference& difference : report.differences) {
    std::string& text = paths[difference.kind];
    text += (text.empty() ? "" : "\n") + difference.path;
  }
  for (const auto& [kind, text] : paths) facts.push_back({kind, text});
  return facts;
}

Result<VerifyReport> verify(const Context& context, OpenIndex& index, bool repair) {
  VerifyOptions options;
  options.limits = context.limits();
  options.repair = repair;
  return verify_catalog(index.database(), index.paths().root.path, system_file_system(),
                        system_clock(), options);
}

int run(const Context& context, const VerifyFlags& flags) {
  auto index = context.open_as_is();
  if (!index) return context.failed(index.error());
  auto report = verify(context, *index, flags.repair);
  if (!report && flags.repair && report.error().code == ErrorCode::corrupt) {
    (void)context.failed(report.error());  // puts the catalog aside
    index = context.open(CheckLevel::files);
    if (!index) return context.failed(index.error());
    report = verify(context, *index, true);
  }
  if (report && flags.repair && !report->differences.empty()) {
    context.note(std::to_string(report->differences.size()) +
                 " differences; the catalog is made anew, now checked again");
    report = verify(context, *index, false);
  }
  if (!report) return context.failed(report.error());
  const int status = context.print_document(to_document(*report), to_facts(*report));
  say_first(context, report->unreadable_directories, "directories could not be listed");
  if (status != k_done) return status;
  if (!report->differences.empty()) return k_said_no;
  return report->unreadable_directories.empty() ? k_done : k_failed;
}

}  // namespace

Command make_verify_command(const Context& context) {
  auto flags = std::make_shared<VerifyFlags>();
  Command command;
  command.name = "verify";
  command.group = "Stores";
  command.summary = "Read all files and say where the catalog differs";
  command.description =
      "Compares the catalog as it stands with the files, down to every metric. Exit status 1 if "
      "anything differs: after a refresh, nothing should. Kinds: missing (a file without a row), "
      "gone (a row without a file), status, content, values, artifact, directory.";
  command.examples = {{"ktstr-index refresh && ktstr-index verify", "after a crash of the machine"},
                      {"ktstr-index verify --repair", "put right what is wrong"}};
  command.options = {{"--repair", "", "Make the catalog anew if anything differs", &flags->repair}};
  command.run = [&context, flags] { return run(context, *flags); };
  return command;
}

}  // namespace ktstr
