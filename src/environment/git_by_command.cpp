// SPDX-License-Identifier: MIT
#include "environment/git_by_command.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>
#include <utility>

#include "base/program.hpp"
#include "base/text.hpp"

namespace ktstr {
namespace {

using Words = std::vector<std::string>;

constexpr const char* k_default_path = "/usr/local/bin:/usr/bin:/bin";
constexpr std::size_t k_most_filters = 100;
constexpr std::size_t k_digits = 40;

std::string search_path() {
  const char* set = std::getenv("PATH");
  return set == nullptr ? k_default_path : set;
}

/// None of the caller's GIT_* (which repository, which index, traces into files), and no helper.
Words clean_environment() {
  std::string path;
  for (const std::string& entry : absolute_entries(search_path())) {
    path += (path.empty() ? "" : ":") + entry;
  }
  Words environment = environment_with({{"LC_ALL", "C"}, {"PATH", std::move(path)}});
  const auto begins_with = [](std::string_view text, std::string_view begin) {
    return text.substr(0, begin.size()) == begin;
  };
  environment.erase(std::remove_if(environment.begin(), environment.end(),
                                   [&](const std::string& variable) {
                                     return begins_with(variable, "GIT_") ||
                                            begins_with(variable, "SSH_ASKPASS");
                                   }),
                    environment.end());
  // Objects that a partial clone lacks would be fetched, by whatever its configuration names: no
  // protocol is allowed, and no helper gets as far as being started.
  for (const char* variable :
       {"GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1",
        "GIT_ALLOW_PROTOCOL=none", "GIT_NO_REPLACE_OBJECTS=1", "GIT_GRAFT_FILE=/dev/null"}) {
    environment.emplace_back(variable);
  }
  return environment;
}

/// The last one who sets a value wins, and this is it.
Words with_settings(const Words& settings) {
  Words words;
  for (const std::string& setting : settings) {
    words.emplace_back("-c");
    words.push_back(setting);
  }
  return words;
}

/// Whatever could make git start a program, named or not by what we ask.
const Words& no_programs() {
  static const Words settings = {"core.fsmonitor=",
                                 "core.hooksPath=/dev/null",
                                 "core.sshCommand=false",
                                 "core.askPass=",
                                 "core.gitProxy=",
                                 "core.alternateRefsCommand=false",
                                 "core.pager=cat",
                                 "credential.helper=",
                                 "diff.external=false",
                                 "protocol.allow=never",
                                 "gc.auto=0",
                                 "maintenance.auto=false",
                                 "submodule.recurse=false"};
  return settings;
}

Error cannot_tell(const std::string& program) {
  return Error{ErrorCode::io, "can't tell", program};
}

/// One configured filter program as `git config -z --get-regexp` lists it: KEY, or KEY and VALUE on
/// the next line. "filter.lfs" of "filter.lfs.clean\ngit-lfs clean"; empty if it has no value, none
/// if it can't be what git wrote, or can't be said with -c.
std::optional<std::string> filter_named_by(std::string_view record) {
  const std::size_t line_end = record.find('\n');
  const std::string_view key = record.substr(0, line_end);
  const std::size_t dot = key.rfind('.');
  if (key.substr(0, 7) != "filter." || dot < 7 || key.find('=') != std::string_view::npos) {
    return std::nullopt;
  }
  const bool has_program = line_end != std::string_view::npos && line_end + 1 < record.size();
  return std::string(has_program ? key.substr(0, dot) : std::string_view());
}

/// What the records of `git status` say; none if they aren't what it writes about this commit.
class StatusReader {
 public:
  explicit StatusReader(const std::string& head) : head_line_("# branch.oid " + head) {}

  /// False if the record makes no sense.
  bool take(std::string_view record) {
    if (record.empty()) return false;
    switch (record.front()) {
      case '#':
        is_about_head_ = is_about_head_ || record == head_line_;
        return true;
      case '1':
        is_changed_ = is_changed_ || !is_submodules_own(record);
        return record.size() > k_entry_bytes;
      case '2':
      case 'u':
        is_changed_ = true;
        return true;
      default:
        return false;
    }
  }
  [[nodiscard]] bool is_changed() const { return is_changed_; }
  [[nodiscard]] bool is_about_head() const { return is_about_head_; }

 private:
  // "1 XY SUB_ MODE_H MODE_I MODE_W …": X is the index against HEAD, Y the file against the index.
  static constexpr std::size_t k_entry_bytes = 30;
  static bool is_submodules_own(std::string_view record) {
    return record.size() > k_entry_bytes && record[2] == '.' && record.substr(17, 6) == "160000";
  }

  std::string head_line_;
  bool is_about_head_ = false;
  bool is_changed_ = false;
};

/// None if git hasn't said it.
std::optional<bool> read_status(const ProgramAnswer& answer, const std::string& head) {
  StatusReader reader(head);
  std::vector<std::string_view> records = split(answer.output, '\0');
  records.pop_back();  // behind the last NUL, or cut off
  for (const std::string_view record : records) {
    if (!reader.take(record)) return std::nullopt;
    if (reader.is_changed()) return true;  // the second path of a renamed file is no record
  }
  const bool is_whole = answer.status == 0 && !answer.is_cut_off && reader.is_about_head();
  return is_whole ? std::optional<bool>(false) : std::nullopt;
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::optional<GitCommand> GitCommand::find() {
  auto program = find_program("git", search_path());
  if (!program) return std::nullopt;
  return GitCommand(*std::move(program));
}

Result<ProgramAnswer> GitCommand::ask(const GitRepository& repository, const Words& settings,
                                      const Words& question, std::int64_t until_ns) const {
  // A repository that is named needs no owner's trust, and none of another directory is found.
  Words words = {"--no-pager", "--no-replace-objects", "--git-dir=" + repository.git_directory};
  if (!repository.work_directory.empty()) {
    words.push_back("--work-tree=" + repository.work_directory);
  }
  for (const Words& more : {with_settings(no_programs()), with_settings(settings), question}) {
    words.insert(words.end(), more.begin(), more.end());
  }
  return ask_program({program_, std::move(words), clean_environment(), until_ns});
}

/// git would run the program of a filter to know what a commit of the file would hold. A filter
/// without one that has to work makes it give up instead, and only where it would have run.
Result<GitCommand::Words> GitCommand::settings_without_filters(const GitRepository& repository,
                                                               std::int64_t until_ns) const {
  constexpr int k_no_match = 1;
  const auto listed =
      ask(repository, {}, {"config", "-z", "--get-regexp", "^filter\\..*\\.(clean|process)$"},
          until_ns);
  if (!listed) return fail(listed.error());
  if (listed->status == k_no_match && listed->output.empty()) return Words{};
  if (listed->status != 0 || listed->is_cut_off) return fail(cannot_tell(program_));
  std::set<std::string> filters;
  std::vector<std::string_view> records = split(listed->output, '\0');
  if (!records.back().empty()) return fail(cannot_tell(program_));
  records.pop_back();
  for (const std::string_view record : records) {
    auto filter = filter_named_by(record);
    if (!filter || filters.size() > k_most_filters) return fail(cannot_tell(program_));
    if (!filter->empty()) filters.insert(*std::move(filter));
  }
  Words settings;
  for (const std::string& filter : filters) {
    settings.push_back(filter + ".clean=");
    settings.push_back(filter + ".process=");
    settings.push_back(filter + ".required=true");
  }
  return settings;
}

Result<bool> GitCommand::is_changed(const GitRepository& repository, std::int64_t until_ns) const {
  if (repository.work_directory.empty()) {
    const auto answer =
        ask(repository, {}, {"diff-index", "--cached", "--quiet", repository.head}, until_ns);
    if (!answer) return fail(answer.error());
    if (answer->status > 1) return fail(cannot_tell(program_));
    return answer->status == 1;
  }
  const auto settings = settings_without_filters(repository, until_ns);
  if (!settings) return fail(settings.error());
  const auto answer = ask(repository, *settings,
                          {"status", "--porcelain=v2", "-z", "--branch", "--no-ahead-behind",
                           "--no-renames", "--untracked-files=no", "--ignore-submodules=dirty"},
                          until_ns);
  if (!answer) return fail(answer.error());
  const auto is_changed = read_status(*answer, repository.head);
  if (!is_changed) return fail(cannot_tell(program_));
  return *is_changed;
}

Result<std::string> GitCommand::end_of_chain(const GitRepository& repository, const Words& settings,
                                             const std::string& commit,
                                             std::int64_t until_ns) const {
  const auto answer =
      ask(repository, settings, {"rev-list", "--first-parent", "--max-parents=0", commit, "--"},
          until_ns);
  if (!answer) return fail(answer.error());
  const std::string_view line = trim(answer->output);
  if (answer->status != 0 || line.size() != k_digits || !is_hex(line)) {
    return fail(cannot_tell(program_));
  }
  return std::string(line);
}

/// With the commit graph, if there is one; then without, from where that ended: the graph could
/// name anything, so the end is read all the same.
Result<std::string> GitCommand::root_commit(const GitRepository& repository,
                                            std::int64_t until_ns) const {
  auto by_graph = end_of_chain(repository, {}, repository.head, until_ns);
  if (!by_graph && by_graph.error().code == ErrorCode::timeout) return by_graph;
  return end_of_chain(repository, {"core.commitGraph=false"},
                      by_graph ? *by_graph : repository.head, until_ns);
}

}  // namespace ktstr
