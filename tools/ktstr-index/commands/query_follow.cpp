// SPDX-License-Identifier: MIT
#include "commands/query_follow.hpp"

#include <algorithm>
#include <optional>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"
#include "catalog/connection.hpp"
#include "environment/join_path.hpp"
#include "library/short_ids.hpp"
#include "query/directories.hpp"
#include "report/row_renderer.hpp"
#include "stop_request.hpp"
#include "store/directory_watch.hpp"

namespace ktstr {
namespace {

constexpr int k_lines_around = 4;  // title, header, the row count, the cursor

struct Picture {
  std::string rows;
  std::uint64_t total = 0;
  bool operator==(const Picture&) const = default;
};

class Follower {
 public:
  Follower(const Context& context, const ResultQuery& query, Session session)
      : context_(context), query_(query), session_(std::move(session)) {}

  int run() {
    StopRequest stop;
    while (!stop.is_made() && !output_.reader_gone()) {
      if (auto shown = look(); !shown) return context_.failed(shown.error());
      // What came to be in directories that the look found, too, before they were watched.
      if (watch_.add(directories())) continue;
      watch_.wait(stop.descriptor());
    }
    if (terminal_.is_terminal) (void)put("\n");
    return stop.signal() == 0 ? k_done : k_signalled + stop.signal();
  }

 private:
  /// 1. Notice what changed. 2. Ask. 3. Draw, if the answer is another one.
  Result<void> look() {
    terminal_ = inspect_terminal(stdout, terminal_variables());
    if (auto fresh = session_.make_fresh(context_.check_or(CheckLevel::dirs)); !fresh) return fresh;
    for (std::string& warning : session_.take_warnings()) warning_ = std::move(warning);
    auto picture = take_picture();
    if (!picture) return fail(std::move(picture.error()));
    const bool is_resized = terminal_.width != drawn_.width || terminal_.height != drawn_.height;
    if (last_ == *picture && !is_resized) return {};
    const bool is_first = !last_;
    last_ = std::move(*picture);
    drawn_ = terminal_;
    if (terminal_.is_terminal) return put(screen());
    // Answers for people are kept apart; those for programs are documents or lines of their own.
    const bool apart = !is_first && context_.is_for_people();
    return put((apart ? "\n" : "") + last_->rows);
  }

  Result<Picture> take_picture() {
    ResultQuery query = query_;
    if (terminal_.is_terminal && terminal_.height > 0) {
      const std::int64_t fitting = std::max(1, terminal_.height - k_lines_around);
      query.limit = std::min(query.limit.value_or(fitting), fitting);
    }
    Picture picture;
    const auto taken = guarded(session_.catalog_path(), [&]() -> Result<void> {
      auto rows = ktstr::run(session_.database(), query, system_clock());
      if (!rows) return fail(std::move(rows.error()));
      if (context_.is_for_people()) {
        *rows = std::make_unique<ShortIdRows>(session_.database(), std::move(*rows));
      }
      StringOutput text;
      const auto rendered = render_rows(**rows, text, context_.render_options(terminal_));
      if (!rendered) return fail(rendered.error());
      picture = {text.text(), rendered->rows};
      return {};
    });
    if (!taken) return fail(taken.error());
    if (query.limit && !query_.count_only) {
      auto total = count_all();
      if (!total) return fail(std::move(total.error()));
      picture.total = *total;
    }
    return picture;
  }

  Result<std::uint64_t> count_all() {
    ResultQuery query = query_;
    query.count_only = true;
    auto rows = ktstr::run(session_.database(), query, system_clock());
    if (!rows) return fail(std::move(rows.error()));
    std::vector<Value> row;
    const auto more = (*rows)->next(row);
    if (!more) return fail(more.error());
    const auto* count = *more && !row.empty() ? std::get_if<std::int64_t>(row.data()) : nullptr;
    return count == nullptr ? 0 : static_cast<std::uint64_t>(*count);
  }

  /// Over what stands there, without a flicker: each line is cleared behind its text.
  [[nodiscard]] std::string screen() const {
    std::string title = iso8601_utc(system_clock().now_ns()) + "  " + std::to_string(last_->total) +
                        (last_->total == 1 ? " row" : " rows") + ", Ctrl-C ends";
    if (watch_.is_polling()) title += " (looks every second)";
    if (session_.is_stale()) title += " (stale)";
    std::string out = "\x1b[H" + title + "\x1b[K\n";
    for (const std::string_view line : split(last_->rows, '\n'))
      out.append(line).append("\x1b[K\n");
    if (!warning_.empty()) out += escape_control(warning_) + "\x1b[K";
    return out + "\x1b[J";
  }

  [[nodiscard]] std::vector<std::string> directories() {
    const std::string& root = session_.paths().root.path;
    std::vector<std::string> found = {root};
    const auto known = known_directories(session_.database());
    if (!known) return found;
    for (const std::string& path : *known) found.push_back(join_path(root, path));
    return found;
  }

  Result<void> put(const std::string& text) {
    if (auto written = output_.write(text); !written) return written;
    return output_.flush();
  }

  const Context& context_;
  const ResultQuery& query_;
  Session session_;
  DirectoryWatch watch_;
  FileOutput output_{stdout};
  Terminal terminal_;
  Terminal drawn_;
  std::optional<Picture> last_;
  std::string warning_;
};

}  // namespace

int follow_query(const Context& context, const ResultQuery& query) {
  auto session = context.open_as_is();
  if (!session) return context.failed(session.error());
  ResultQuery followed = query;
  // What is new has to be on the screen.
  const bool is_ordered = !query.order_by.empty() || !query.group_by.empty() || query.count_only;
  if (!is_ordered) followed.order_by = {"-time_ns"};
  return Follower(context, followed, std::move(*session)).run();
}

}  // namespace ktstr
