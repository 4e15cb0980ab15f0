// SPDX-License-Identifier: MIT
#include "context.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "archive/archive.hpp"
#include "base/file_system.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"
#include "base/visible_text.hpp"
#include "catalog/catalog.hpp"
#include "database/schema.hpp"
#include "library/import.hpp"
#include "query/sessions.hpp"
#include "report/row_renderer.hpp"
#include "session_run.hpp"
#include "statement_bounds.hpp"

namespace ktstr {
namespace {

/// Whether a shell would find the first word of the command.
bool is_runnable(const std::string& command, const Variables& variables) {
  const std::string_view trimmed = trim(command);
  const std::string program(trimmed.substr(0, trimmed.find(' ')));
  if (program.find('/') != std::string::npos) return ::access(program.c_str(), X_OK) == 0;
  const std::string path = variables("PATH").value_or("");
  const auto directories = split(path, ':');
  return std::any_of(directories.begin(), directories.end(), [&](std::string_view directory) {
    return ::access((std::string(directory) + "/" + program).c_str(), X_OK) == 0;
  });
}

/// The pager's standard input; what the handler can see.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): handlers see nothing else
std::atomic<int> fed{-1};

/// Ctrl-C goes to the pager, too. Nothing more comes, whatever is at work here; but it has the
/// keyboard until its reader leaves it, else it would be fighting the shell for it.
extern "C" void stop_feeding(int number) {
  ::close(fed);
  while (::wait(nullptr) > 0 || errno == EINTR) {
  }
  end_process("", 128 + number);
}

}  // namespace

std::optional<std::string> find_pager(const Variables& variables) {
  std::string pager = "less";
  for (const char* name : {"PAGER", "KTSTR_INDEX_PAGER"}) {
    if (auto named = variables(name)) pager = std::move(*named);
  }
  const std::string_view word = trim(pager);
  if (word.empty() || word == "cat" || !is_runnable(pager, variables)) return std::nullopt;
  return pager;
}

PagedOutput::~PagedOutput() {
  if (pipe_ == nullptr) return;
  std::signal(SIGINT, SIG_IGN);  // there is nothing left to be stopped but the pager
  ::pclose(pipe_);
  std::signal(SIGINT, interrupt_before_);
}

void PagedOutput::start_pager() {
  // As git does: colours go through, and the screen isn't cleared.
  ::setenv("LESS", "FRX", 0);
  std::fflush(stdout);
  // This program ignores SIGPIPE, which must not be inherited: a pager may be a pipeline.
  const auto pipe_before = std::signal(SIGPIPE, SIG_DFL);
  pipe_ = ::popen(pager_.c_str(), "we");
  std::signal(SIGPIPE, pipe_before);
  if (pipe_ == nullptr) return;
  fed = ::fileno(pipe_);
  interrupt_before_ = std::signal(SIGINT, stop_feeding);
  output_ = FileOutput(pipe_);
}

Result<void> PagedOutput::write(std::string_view bytes) {
  if (height_ == 0) return output_.write(bytes);
  held_ += bytes;
  held_lines_ += static_cast<int>(std::count(bytes.begin(), bytes.end(), '\n'));
  // The last line is the shell's prompt.
  if (held_lines_ < height_) return {};
  height_ = 0;  // decided
  start_pager();
  return output_.write(std::exchange(held_, {}));
}

Result<void> PagedOutput::flush() {
  if (auto written = output_.write(std::exchange(held_, {})); !written) return written;
  height_ = 0;
  return output_.flush();
}

ValueParser parse_label_into(std::vector<std::pair<std::string, std::string>>& labels) {
  return [&labels](const std::string& text) -> Result<void> {
    auto label = parse_label(text);
    if (!label) return fail(ErrorCode::usage, label.error().message + ": " + label.error().hint);
    labels.push_back(std::move(*label));
    return {};
  };
}

namespace {

constexpr const char* k_prefix = "ktstr-index: ";

constexpr std::size_t k_longest_line = 4096;
constexpr std::size_t k_line_end = 1024;  // what is wrong stands behind the name it is about

/// A name that somebody was told to take may be as long as an argument can be.
std::string abridged(std::string line) {
  if (line.size() <= k_longest_line) return line;
  const auto is_inside = [&](std::size_t at) {
    return (static_cast<unsigned char>(line[at]) & 0xC0U) == 0x80U;
  };
  std::size_t from = k_longest_line - k_line_end;
  std::size_t to = line.size() - k_line_end;
  while (from > 0 && is_inside(from)) --from;
  while (to < line.size() && is_inside(to)) ++to;
  return line.replace(from, to - from, " [" + std::to_string(to - from) + " bytes] ");
}

/// Foreign names may be in it.
std::string escaped_lines(std::string_view text) {
  std::string lines;
  for (const std::string_view line : split(text, '\n')) {
    lines += abridged(escape_control(line)) + "\n";
  }
  return lines;
}

void say_lines(std::string_view text) {
  const std::string lines = k_prefix + escaped_lines(text);
  std::fwrite(lines.data(), 1, lines.size(), stderr);
}

void say(std::string_view text) { say_lines(escape_control(text)); }

}  // namespace

std::vector<Option> Context::common_options() {
  const ValueParser parse_check = [this](const std::string& text) -> Result<void> {
    check_ = check_level(text);
    return {};
  };
  const ValueParser parse_output_format = [this](const std::string& text) -> Result<void> {
    auto format = parse_format(text);
    if (!format) return fail(std::move(format.error()));
    format_ = *format;
    return {};
  };
  const ValueParser parse_limit = [this](const std::string& text) -> Result<void> {
    if (text.empty() || text.size() > 18 ||
        text.find_first_not_of("0123456789") != std::string::npos) {
      return fail(ErrorCode::usage, "wants a number of bytes, not '" + text + "'");
    }
    limits_.max_file_bytes = std::stoull(text);
    return {};
  };
  return {
      {"--root", "DIR", "The runs root: the directory of run directories", &root_},
      {"--catalog", "FILE", "The catalog's file, if not below the root", &catalog_},
      {"--archive", "FILE", "The archive's file, or off for none", &archive_},
      {"--in", "PATH", "Look into PATH instead, and keep nothing: what import takes (repeatable)",
       &in_},
      {"--check",
       "LEVEL",
       "How hard to look for changes first: none, dirs (created, renamed, removed), files (edits "
       "in place too), bytes (read everything)",
       parse_check,
       {"none", "dirs", "files", "bytes"}},
      {"--format", "FORMAT", "How to print", parse_output_format, format_names()},
      {"--excel", "", "With csv: a quote before texts that a spreadsheet takes for formulas",
       &excel_},
      {"--max-file-bytes", "BYTES", "Files larger than this are unreadable", parse_limit},
      {"--wide", "", "Don't fit tables into the terminal", &wide_},
      {"--no-color", "", "No colours (NO_COLOR does the same)", &no_color_},
      {"--no-pager", "", "Long output straight to the terminal (so does PAGER=cat)", &no_pager_},
      {"-q,--quiet", "", "No notes on stderr, only errors", &quiet_},
      {"-v,--verbose", "", "Say more on stderr", &verbose_},
  };
}

Result<void> Context::check_options() const {
  if (!excel_ || format_ == Format::csv) return {};
  return fail(ErrorCode::usage, "--excel is for --format csv only");
}

OpenIndexOptions Context::index_options() const {
  OpenIndexOptions options;
  options.root = root_;
  options.catalog = catalog_;
  options.archive = archive_;
  options.limits = limits_;
  if (is_in()) {
    // Who doesn't ask open() must not take this machine's stores for what --in names.
    options.root = in_.front() + " (--in)";
    options.archive = "off";
  }
  return options;
}

OpenIndexOptions Context::pool_options(const std::optional<std::string>& dir) const {
  OpenIndexOptions options = index_options();
  if (dir) {
    options.root = dir;
    options.is_foreign = true;
  }
  return options;
}

Result<OpenIndex> Context::open_index(const OpenIndexOptions& options) const {
  auto index = OpenIndex::open(options);
  if (index) {
    opened_catalog_ = index->catalog_path();
    for (const Warning& warning : index->take_warnings()) tell(warning);
  }
  return index;
}

Result<OpenIndex> Context::made_fresh(Result<OpenIndex> index, CheckLevel fallback) const {
  if (!index) return index;
  if (auto fresh = index->make_fresh(check_or(fallback)); !fresh) {
    return fail(std::move(fresh.error()));
  }
  for (const Warning& warning : index->take_warnings()) tell(warning);
  return index;
}

Result<OpenIndex> Context::open_in() const {
  std::vector<std::string> notes;
  int signal = 0;
  auto session = [&] {
    StopRequest stop;
    auto opened = open_to_look_at(
        in_, index_options(), [&stop] { return stop.is_made(); }, notes);
    signal = stop.signal();
    return opened;
  }();
  for (const std::string& text : notes) note_lines(text);
  if (signal != 0) std::raise(signal);
  return session;
}

Result<OpenIndex> Context::open_as_is() const {
  if (is_in()) {
    return fail(ErrorCode::usage, "--in is only looked into, which isn't what this command does");
  }
  return open_index(index_options());
}

Result<OpenIndex> Context::open_over(Over over, CheckLevel fallback) const {
  if (is_in()) {
    if (over == Over::now) return open_in();
    return fail(ErrorCode::usage, "--in has no past of its own: it goes without --over");
  }
  OpenIndexOptions options = index_options();
  options.may_be_missing = over != Over::now;
  auto index = open_index(options);
  if (index && !index->has_root()) {
    note("no runs root at " + index->paths().root.path + "; this is what the archive has of it");
  }
  return over == Over::past ? std::move(index) : made_fresh(std::move(index), fallback);
}

Result<OpenIndex> Context::open(CheckLevel fallback) const {
  if (is_in()) return open_in();
  return made_fresh(open_as_is(), fallback);
}

Result<OpenIndex> Context::open_pool(const std::optional<std::string>& dir,
                                     CheckLevel fallback) const {
  return made_fresh(open_index(pool_options(dir)), fallback);
}

RenderOptions Context::render_options(const Terminal& terminal) const {
  RenderOptions options;
  options.format = format_;
  options.is_for_spreadsheet = excel_;
  options.width = wide_ ? 0 : terminal.width;
  options.color = terminal.color && !no_color_;
  return options;
}

int Context::print_rows(RowSource& rows, const std::function<bool()>& stale,
                        std::uint64_t* counted) const {
  const Terminal terminal = inspect_terminal(stdout, terminal_variables());
  auto output = make_output(terminal);
  RenderOptions options = render_options(terminal);
  options.stale = stale;
  const auto rendered = render_rows(rows, *output, options);
  output.reset();  // what is said next would be in the pager's way
  if (!rendered) return failed(rendered.error());
  if (counted != nullptr) *counted = rendered->rows;
  if (!rendered->dropped_columns.empty()) {
    std::string names;
    for (const std::string& name : rendered->dropped_columns) {
      names += (names.empty() ? "" : ", ") + name;
    }
    note("too narrow for " + names + " (--wide shows all)");
  }
  return k_done;
}

int Context::print_document(const JsonObject& document, const std::vector<Fact>& facts) const {
  if (format_ == Format::json) return print_text(json_document(JsonValue(document)));
  if (format_ == Format::jsonl) {
    return print_text(json_document(JsonValue(document), JsonStyle::compact));
  }
  if (format_ == Format::table) return print_text(facts_text(facts));
  std::vector<std::vector<Value>> rows;
  rows.reserve(facts.size());
  for (const Fact& fact : facts) rows.push_back({fact.name, fact.value});
  RowList list({{"name"}, {"value"}}, std::move(rows));
  return print_rows(list);
}

int Context::print_value(const std::string& name, const std::string& value) const {
  if (format_ == Format::table) return print_text(value + "\n");
  JsonObject document;
  document.add(name, value);
  return print_document(document, {{name, value}});
}

int Context::print_text(std::string_view text) const {
  auto output = make_output(inspect_terminal(stdout, terminal_variables()));
  auto printed = output->write(text);
  if (printed) printed = output->flush();
  output.reset();
  return printed ? k_done : failed(printed.error());
}

std::unique_ptr<Output> Context::make_output(const Terminal& terminal) const {
  if (terminal.height > 1 && !no_pager_) {
    if (auto pager = find_pager(process_variables())) {
      return std::make_unique<PagedOutput>(std::move(*pager), terminal.height);
    }
  }
  return std::make_unique<FileOutput>(stdout);
}

void Context::note(std::string_view text) const {
  if (!quiet_) say(text);
}

void Context::note_lines(std::string_view text) const {
  if (!quiet_) say_lines(text);
}

void Context::tell(const Warning& warning) const {
  if (warning.is_loss || !quiet_) say(warning.text);
}

void Context::note_no_root(const Error& error) const { note_lines(error.text_with_hint()); }

int Context::failed(const Error& error) const {
  say_lines(Error{error.code, error.message, escape_control(error.path)}.text());
  // A store that was mended needs no advice.
  if (error.code == ErrorCode::corrupt && mend_store(error.path)) return k_failed;
  if (!error.hint.empty()) {
    const std::string hint = escaped_lines(error.hint);
    std::fwrite(hint.data(), 1, hint.size(), stderr);
  }
  return error.code == ErrorCode::usage ? k_usage : k_failed;
}

/// Found in the middle of an answer. No refresh would see it where no file has changed. A statement
/// over both stores is the catalog's, whichever of them is damaged.
bool Context::mend_store(const std::string& path) const {
  const OpenIndexOptions options = index_options();
  const ArchiveChoice choice = archive_choice(options.archive, options.variables);
  std::error_code ignored;
  const bool is_archive = choice.path && std::filesystem::equivalent(path, *choice.path, ignored);
  if (is_archive) return mend_archive(choice);
  if (path != opened_catalog_) return false;
  if (is_sound_store(path, Store::catalog) && mend_archive(choice)) return true;
  put_catalog_aside();
  return true;
}

bool Context::mend_archive(const ArchiveChoice& choice) const {
  // What somebody has named by mistake is none of ours.
  if (!choice.path || (choice.is_named && !is_archive_file(*choice.path))) return false;
  ArchiveOptions options;
  options.path = *choice.path;
  options.is_named = choice.is_named;
  const auto said = ktstr::mend_archive(options, system_file_system(), system_clock());
  if (!said) {
    say("the damaged archive could not be mended: " + said.error().text());
    return false;
  }
  for (const Warning& warning : *said) say(warning.text);
  if (!said->empty()) say("the same command again answers from what could be read");
  return !said->empty();
}

void Context::put_catalog_aside() const {
  const auto aside =
      ktstr::put_catalog_aside(opened_catalog_, system_file_system(), system_clock());
  if (aside) say("the damaged catalog is now " + *aside + "; the next command makes a new one");
  opened_catalog_.clear();
}

}  // namespace ktstr
