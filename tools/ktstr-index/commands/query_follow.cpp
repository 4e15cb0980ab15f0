// SPDX-License-Identifier: MIT
#include "commands/query_follow.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>

#include "base/hashing.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"
#include "base/visible_text.hpp"
#include "database/connection.hpp"
#include "environment/places.hpp"
#include "library/index.hpp"
#include "query/naming.hpp"
#include "report/row_renderer.hpp"
#include "report/table.hpp"
#include "statement_bounds.hpp"
#include "store/directory_watch.hpp"

namespace ktstr {
namespace {

constexpr int k_lines_around = 4;  // title, header, what is left out, the cursor

/// Keeps nothing of a text but what tells it from others: an answer may be larger than memory.
class Fingerprint : public Output {
 public:
  [[nodiscard]] Result<void> write(std::string_view bytes) override {
    value_ = content_id(value_ + std::string(bytes));
    return {};
  }
  [[nodiscard]] Result<void> flush() override { return {}; }
  [[nodiscard]] const std::string& value() const { return value_; }

 private:
  std::string value_;
};

/// What one look found.
struct Look {
  std::string rows;  ///< a terminal's lines, else the answer's fingerprint
  std::uint64_t total = 0;
  std::string remark;  ///< what the answer lacks; "" if nothing
  int width = 0;
  int height = 0;
  bool operator==(const Look&) const = default;
};

class Follower {
 public:
  Follower(const Context& context, const ResultQuery& query) : context_(context), query_(query) {}

  int run() {
    StopRequest stop;
    // Only so that a wait ends when the window gets another size.
    std::signal(SIGWINCH, [](int) {});
    while (!stop.is_made() && !reader_is_gone()) {
      if (auto looked = look(); !looked) return end(context_.failed(looked.error()));
      // What came to be in directories that the look found, too, before they were watched.
      if (session_ && watch_.add(directories())) continue;
      const bool is_urgent = !session_ || session_->is_stale();
      watch_.wait({stop.descriptor(), STDOUT_FILENO}, is_urgent);
    }
    return end(stop.signal() == 0 ? k_done : k_signalled + stop.signal());
  }

 private:
  /// 1. Notice what changed. 2. Ask. 3. Show it, if the answer is another one.
  Result<void> look() {
    terminal_ = inspect_terminal(stdout, terminal_variables());
    auto found = find();
    if (!found) return fail(std::move(found.error()));
    if (last_ == *found) return {};
    const bool is_new_remark = !last_ || last_->remark != found->remark;
    const bool is_new_answer = !last_ || last_->rows != found->rows;
    const bool is_first = !last_;
    last_ = std::move(*found);
    if (terminal_.is_terminal) return put(screen());
    if (is_new_remark && !last_->remark.empty()) context_.note(last_->remark);
    if (!is_new_answer || !session_) return {};
    // Answers for people are kept apart; those for programs are documents or lines of their own.
    if (!is_first && context_.is_for_people()) {
      if (auto apart = put("\n"); !apart) return apart;
    }
    return render(query_, output_, nullptr);
  }

  /// A root that isn't there, not yet or no longer, has no results; they may come.
  Result<Look> find() {
    Look found;
    found.width = terminal_.width;
    found.height = terminal_.height;
    auto asked = ask(found);
    if (asked) return found;
    const ErrorCode code = asked.error().code;
    const bool is_root_gone = code == ErrorCode::not_found || !root_is_there();
    if (!is_root_gone) return fail(std::move(asked.error()));
    session_.reset();
    found.rows.clear();
    found.remark = "no runs root: waiting for it";
    return found;
  }

  [[nodiscard]] bool root_is_there() const {
    return session_ && ::access(session_->paths().root.path.c_str(), F_OK) == 0;
  }

  Result<void> ask(Look& found) {
    if (!session_) {
      auto opened = context_.open_as_is();
      if (!opened) return fail(std::move(opened.error()));
      session_.emplace(std::move(*opened));
      if (auto labels = attach_labels(); !labels) return labels;
    }
    auto fresh = session_->make_fresh(context_.check_or(CheckLevel::dirs));
    if (!fresh) return fresh;
    for (const Warning& warning : session_->take_warnings()) found.remark = warning.text;
    if (found.remark.empty()) {
      found.remark = left_out_note(session_->database(), query_.filters);
    }
    ResultQuery query = query_;
    if (!terminal_.is_terminal) {
      Fingerprint fingerprint;
      auto rendered = render(query, fingerprint, &found.total);
      found.rows = fingerprint.value();
      return rendered;
    }
    const std::int64_t fitting = std::max(1, terminal_.height - k_lines_around);
    query.limit = std::min(query.limit.value_or(fitting), fitting);
    StringOutput lines;
    if (auto rendered = render(query, lines, &found.total); !rendered) return rendered;
    found.rows = lines.text();
    return query_.count_only ? Result<void>() : count_all(found.total);
  }

  /// Labels are the archive's.
  Result<void> attach_labels() {
    if (!asks_for_labels(query_)) return {};
    const auto missing = session_->look_over({});
    if (!missing) return fail(missing.error());
    if (missing->empty()) return {};
    return fail(ErrorCode::usage, "labels are kept in the archive, and " + *missing);
  }

  Result<void> render(const ResultQuery& query, Output& output, std::uint64_t* count) {
    return guarded(session_->catalog_path(), [&]() -> Result<void> {
      auto rows = run_bounded(query);
      if (!rows) return fail(std::move(rows.error()));
      if (context_.is_for_people()) {
        *rows = std::make_unique<ShortIdRows>(session_->database(), std::move(*rows));
      }
      RenderOptions options = context_.render_options(terminal_);
      options.stale = [this] { return session_->is_stale(); };
      const auto rendered = render_rows(**rows, output, options);
      if (!rendered) return fail(rendered.error());
      if (count != nullptr) *count = rendered->rows;
      return {};
    });
  }

  Result<std::unique_ptr<RowSource>> run_bounded(const ResultQuery& query) {
    SQLite::Database& database = session_->database();
    return make_bounded(database, query.timeout_ns,
                        [&] { return ktstr::run(database, query, system_clock()); });
  }

  Result<void> count_all(std::uint64_t& total) {
    ResultQuery query = query_;
    query.count_only = true;
    auto rows = run_bounded(query);
    if (!rows) return fail(std::move(rows.error()));
    std::vector<Value> row;
    const auto more = (*rows)->next(row);
    if (!more) return fail(more.error());
    const auto* count = *more && !row.empty() ? std::get_if<std::int64_t>(row.data()) : nullptr;
    if (count != nullptr) total = static_cast<std::uint64_t>(*count);
    return {};
  }

  /// Over what stands there, without a flicker: each line is cleared behind its text. Lines that
  /// are too long end at the edge, else they would push the others out.
  [[nodiscard]] std::string screen() const {
    std::string title = iso8601_utc(system_clock().now_ns()) + "  " + std::to_string(last_->total) +
                        (last_->total == 1 ? " row" : " rows") + ", Ctrl-C ends";
    if (watch_.is_polling()) title += " (looks every second)";
    std::string out = "\x1b[?7l\x1b[H" + cut_to_width(title, last_->width) + "\x1b[K\n";
    const auto lines = split(last_->rows, '\n');
    const auto fitting = static_cast<std::size_t>(std::max(1, last_->height - k_lines_around + 1));
    for (std::size_t i = 0; i + 1 < lines.size() && i < fitting; ++i) {
      out.append(lines[i]).append("\x1b[K\n");
    }
    out += cut_to_width(escape_control(last_->remark), last_->width) + "\x1b[K";
    return out + "\x1b[J\x1b[?7h";
  }

  [[nodiscard]] std::vector<std::string> directories() {
    const std::string& root = session_->paths().root.path;
    std::vector<std::string> found = {root};
    const auto known = known_directories(session_->database());
    if (!known) return found;
    for (const std::string& path : *known) found.push_back(join_path(root, path));
    return found;
  }

  [[nodiscard]] bool reader_is_gone() const {
    pollfd out{STDOUT_FILENO, 0, 0};
    return output_.reader_gone() || (::poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0);
  }

  Result<void> put(const std::string& text) {
    if (auto written = output_.write(text); !written) return written;
    return output_.flush();
  }

  int end(int status) {
    if (terminal_.is_terminal) (void)put("\n");
    return status;
  }

  const Context& context_;
  const ResultQuery& query_;
  std::optional<OpenIndex> session_;
  DirectoryWatch watch_;
  FileOutput output_{stdout};
  Terminal terminal_;
  std::optional<Look> last_;
};

}  // namespace

int follow_query(const Context& context, const ResultQuery& query) {
  if (context.check_or(CheckLevel::dirs) == CheckLevel::none) {
    return context.failed({ErrorCode::usage, "--follow with --check none would notice nothing"});
  }
  ResultQuery followed = query;
  // What is new has to be on the screen.
  const bool is_ordered = !query.order_by.empty() || !query.group_by.empty() || query.count_only;
  if (!is_ordered) followed.order_by = {"-time_ns"};
  return Follower(context, followed).run();
}

}  // namespace ktstr
