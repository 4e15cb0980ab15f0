// SPDX-License-Identifier: MIT
#include "environment/git.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/program.hpp"
#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "environment/git_library.hpp"
#include "environment/places.hpp"
#include "ktstr/result.hpp"
#include "ktstr/run.hpp"

namespace ktstr {
namespace {

using Kind = TreeState::Kind;

TreeState unknown(const char* why) { return {Kind::unknown, why}; }

/// What the index file's status alone says: none if it has to be read. Libraries and commands take
/// a missing file for an empty index, in which every file would be deleted, and wait for a FIFO.
std::optional<TreeState> state_by_index_file(const GitRepository& repository) {
  struct stat status = {};
  if (::stat((repository.git_directory + "index").c_str(), &status) != 0) {
    return errno == ENOENT ? TreeState{} : unknown("its index can't be looked at");
  }
  if (!S_ISREG(status.st_mode)) return unknown("its index is not a file");
  return std::nullopt;
}

bool is_shallow(const GitRepository& repository) {
  struct stat status = {};
  return ::lstat((repository.common_directory + "shallow").c_str(), &status) == 0 &&
         status.st_size > 0;
}

TreeState state_by_library(const GitRepository& repository, std::int64_t until_ns) {
  const auto answer = git_by_library::is_changed(repository, until_ns);
  if (answer.is_abandoned) return unknown("libgit2 gave no answer in time");
  if (!answer.answer) return unknown("there is no git command, and libgit2 can't tell");
  return {*answer.answer ? Kind::changed : Kind::clean};
}

TreeState state_by_command(const GitCommand& git, const GitRepository& repository,
                           std::int64_t until_ns) {
  const auto is_changed = git.is_changed(repository, patience_with(GitJudge::command, until_ns));
  if (is_changed) return {*is_changed ? Kind::changed : Kind::clean};
  if (is_changed.error().code != ErrorCode::timeout) return unknown("git can't tell");
  note_waited_in_vain(GitJudge::command);
  return unknown("git gave no answer in time");
}

}  // namespace

std::optional<GitRepository> find_git_repository(const std::string& directory, CommitSearch search,
                                                 std::int64_t until_ns) {
  return git_by_library::find(directory, search, until_ns).answer;
}

TreeState tree_state(const GitRepository& repository, std::int64_t until_ns) {
  if (auto state = state_by_index_file(repository)) return *std::move(state);
  const auto git = GitCommand::find();
  return git ? state_by_command(*git, repository, until_ns)
             : state_by_library(repository, until_ns);
}

namespace {

/// What was found, unless nobody waited for the end of the search.
template <class Answer>
Result<std::optional<Answer>> unless_abandoned(Abandonable<Answer> asked) {
  if (!asked.is_abandoned) return std::move(asked.answer);
  return fail(ErrorCode::timeout, "no answer in time");
}

}  // namespace

Result<std::optional<std::string>> root_commit(const std::string& directory,
                                               std::int64_t until_ns) {
  const auto found =
      unless_abandoned(git_by_library::find(directory, CommitSearch::upward, until_ns));
  if (!found) return fail(found.error());
  if (!*found || is_shallow(**found)) return std::nullopt;
  const auto git = GitCommand::find();
  if (!git) return unless_abandoned(git_by_library::root_commit(**found, until_ns));
  auto root = git->root_commit(**found, patience_with(GitJudge::command, until_ns));
  if (root) return *std::move(root);
  if (root.error().code == ErrorCode::io) return std::nullopt;
  if (root.error().code == ErrorCode::timeout) note_waited_in_vain(GitJudge::command);
  return fail(ErrorCode::timeout, root.error().message);
}

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

namespace {

std::string key_of(const std::string& directory) {
  std::error_code failed;
  const auto canonical = std::filesystem::canonical(directory, failed);
  return failed ? directory : canonical.string();
}

}  // namespace

std::optional<std::string> CommitMemo::project(const std::string& working_directory) {
  {
    const std::lock_guard lock(mutex_);
    if (project_) return project_;
  }
  auto found = probe_(working_directory, CommitSearch::upward);
  if (!found) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!project_) project_ = std::move(found);
  return project_;
}

std::optional<std::string> CommitMemo::kernel(const std::string& directory) {
  const std::string key = key_of(directory);
  {
    const std::lock_guard lock(mutex_);
    const auto known = kernels_.find(key);
    if (known != kernels_.end()) return known->second;
  }
  auto found = probe_(directory, CommitSearch::exact);
  if (!found) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return kernels_.try_emplace(key, *std::move(found)).first->second;
}

namespace {

constexpr std::size_t k_short_digits = 7;

CommitMemo& process_memo() {
  static CommitMemo memo(commit_at);
  return memo;
}

void say_unknown(const std::string& directory, const std::string& commit, const std::string& why) {
  static OnceGate gate;
  if (!gate.enter()) return;
  print_to_stderr("ktstr: WARNING: can't tell whether the git tree of " +
                  escape_control(directory) + " has changes (" + why + "); its commit counts as " +
                  commit + ".");
}

}  // namespace

std::optional<std::string> commit_at(const std::string& directory, CommitSearch search) {
  const std::int64_t until_ns = git_deadline_ns();
  const auto repository = find_git_repository(directory, search, until_ns);
  if (!repository) return std::nullopt;
  std::string commit = repository->head.substr(0, k_short_digits);
  const TreeState state = tree_state(*repository, until_ns);
  if (state.kind == TreeState::Kind::clean) return commit;
  // What isn't known must not pass for clean: its results would replace the clean commit's.
  commit += "-dirty";
  if (state.kind == TreeState::Kind::unknown) say_unknown(directory, commit, state.why_unknown);
  return commit;
}

std::optional<std::string> detect_project_commit(const Variables& variables) {
  if (auto named = non_empty_utf8(variables, "KTSTR_PROJECT_COMMIT")) return named;
  // Empty if it was removed while we were in it: an answer found before is still the answer.
  std::error_code ignored;
  return process_memo().project(std::filesystem::current_path(ignored).string());
}

std::optional<std::string> detect_kernel_commit(const std::string& directory) {
  return process_memo().kernel(directory);
}

}  // namespace ktstr
