// SPDX-License-Identifier: MIT
#include "commands/refresh.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "answer.hpp"
#include "base/time_text.hpp"
#include "base/visible_text.hpp"
#include "commands/commands.hpp"
#include "context.hpp"

namespace ktstr {
namespace {

constexpr std::int64_t k_second_ns = 1'000'000'000;
constexpr std::int64_t k_redraw_ns = k_second_ns / 10;
constexpr std::int64_t k_line_ns = 5 * k_second_ns;
constexpr int k_bar_width = 20;

std::int64_t interval_ns(ProgressStyle style) {
  return style == ProgressStyle::bar ? k_redraw_ns : k_line_ns;
}

}  // namespace

std::string progress_text(const RefreshProgress& progress, std::int64_t elapsed_ns) {
  const std::int64_t total = std::max<std::int64_t>(progress.directories, 1);
  // The last one to be begun is still at work.
  const std::int64_t done = std::clamp<std::int64_t>(progress.directories_done - 1, 0, total);
  const auto filled = static_cast<std::size_t>(done * k_bar_width / total);
  std::string text = "[" + std::string(filled, '#') + std::string(k_bar_width - filled, '-') +
                     "] " + std::to_string(done * 100 / total) + " %  " +
                     std::to_string(progress.files_read) + " files";
  if (elapsed_ns < k_second_ns) return text;
  const double seconds = static_cast<double>(elapsed_ns) / k_second_ns;
  const double rate = static_cast<double>(progress.files_read) / seconds;
  text += ", " + std::to_string(static_cast<std::int64_t>(rate)) + "/s";
  if (done == 0) return text;
  const double left = seconds * static_cast<double>(total - done) / static_cast<double>(done);
  return text + ", " + std::to_string(std::lround(left)) + " s left";
}

RefreshProgressLine::RefreshProgressLine(ProgressStyle style, const Clock& clock)
    : style_(style),
      clock_(clock),
      started_ns_(clock.steady_ns()),
      next_ns_(started_ns_ + interval_ns(style)) {}

RefreshProgressLine::~RefreshProgressLine() {
  if (is_drawn_) std::fputs("\r\033[K", stderr);
}

void RefreshProgressLine::update(const RefreshProgress& progress) {
  if (style_ == ProgressStyle::none) return;
  const std::int64_t now_ns = clock_.steady_ns();
  if (now_ns < next_ns_) return;
  next_ns_ = now_ns + interval_ns(style_);
  const std::string text = progress_text(progress, now_ns - started_ns_);
  is_drawn_ = style_ == ProgressStyle::bar;
  std::fputs((is_drawn_ ? "\r\033[K" + text : text + "\n").c_str(), stderr);
}

namespace {

struct RefreshFlags {
  bool why = false;
  KeepOptions keep;
};

const char* check_name(CheckLevel level) {
  constexpr const char* names[] = {"none", "dirs", "files", "bytes"};
  return names[static_cast<std::size_t>(level)];
}

JsonObject to_json(const KeptRefresh& done) {
  JsonObject archive;
  archive.add("path", done.archive_path)
      .add("added", done.kept->results)
      .add("dumps", done.kept->dumps)
      .add("dumps_left_out", done.kept->dumps_left)
      .add("superseded", done.kept->superseded)
      .add("vanished", done.kept->vanished)
      .add("synthetic", done.kept->synthetic)
      .add("complete", !done.kept->failure.has_value());
  return archive;
}

JsonObject to_document(const KeptRefresh& done, const OpenIndex& index, CheckLevel level) {
  const RefreshReport& report = done.refresh;
  JsonObject files;
  files.add("added", report.files_added)
      .add("changed", report.files_changed)
      .add("unchanged", report.files_unchanged)
      .add("removed", report.files_removed)
      .add("moved", report.files_moved);
  JsonObject status;
  for (const char* name : {"ok", "drift", "corrupt", "unreadable"}) {
    status.add(name, report.status.at(name));
  }
  JsonObject directories;
  directories.add("listed", report.directories_listed)
      .add("unchanged", report.directories_unchanged)
      .add("unreadable", report.unreadable_directories.size());
  JsonObject document;
  document.add("root", index.paths().root.path)
      .add("catalog", index.catalog_path())
      .add("check", check_name(level))
      .add("files", std::move(files))
      .add("status", std::move(status))
      .add("directories", std::move(directories))
      .add("archive", done.kept ? JsonValue(to_json(done)) : JsonValue())
      .add("elapsed_ms", static_cast<double>(report.elapsed_ns) / 1e6);
  return document;
}

std::string archive_text(const KeptRefresh& done) {
  if (!done.kept) return "off (" + done.why_not + ")";
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  const KeepReport& kept = *done.kept;
  std::string text = number(kept.results) + " added, " + number(kept.superseded) + " superseded, " +
                     number(kept.vanished) + " vanished, " + number(kept.dumps) + " dumps added";
  if (kept.dumps_left > 0) text += ", " + number(kept.dumps_left) + " dumps left out";
  return text;
}

std::vector<Fact> to_facts(const KeptRefresh& done, const OpenIndex& index) {
  const RefreshReport& report = done.refresh;
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  char elapsed[32];
  std::snprintf(elapsed, sizeof elapsed, "%.2f s", static_cast<double>(report.elapsed_ns) / 1e9);
  return {
      {"root", index.paths().root.path},
      {"catalog", index.catalog_path()},
      {"files", number(report.files_added) + " added, " + number(report.files_changed) +
                    " changed, " + number(report.files_removed) + " removed, " +
                    number(report.files_moved) + " moved, " + number(report.files_unchanged) +
                    " unchanged"},
      {"status", number(report.status.at("ok")) + " ok, " + number(report.status.at("drift")) +
                     " drift, " + number(report.status.at("corrupt")) + " corrupt, " +
                     number(report.status.at("unreadable")) + " unreadable"},
      {"directories", number(report.directories_listed) + " listed, " +
                          number(report.directories_unchanged) + " unchanged"},
      {"archive", archive_text(done)},
      {"time", elapsed},
  };
}

ProgressStyle progress_style(const Context& context, const RefreshFlags& flags) {
  if (context.is_quiet() || flags.why) return ProgressStyle::none;
  if (::isatty(STDERR_FILENO) == 1) return ProgressStyle::bar;
  return context.is_verbose() ? ProgressStyle::lines : ProgressStyle::none;
}

int run(const Context& context, const RefreshFlags& flags) {
  auto index = context.open_as_is();
  if (!index) return context.failed(index.error());
  const CheckLevel level = context.check_or(CheckLevel::files);
  RefreshOptions options;
  options.level = level;
  options.limits = context.limits();
  if (flags.why) {
    options.why = [](const std::string& path, LookReason reason) {
      const std::string line =
          std::string(look_reason_name(reason)) + "  " + escape_control(path) + "\n";
      std::fwrite(line.data(), 1, line.size(), stderr);
    };
  }
  auto progress =
      std::make_unique<RefreshProgressLine>(progress_style(context, flags), system_clock());
  options.progress = [&](const RefreshProgress& now) { progress->update(now); };
  StopRequest stop;  // before the refresh starts its threads
  options.should_stop = [&] { return stop.is_made(); };
  const auto done = index->refresh_and_keep(options, flags.keep);
  progress.reset();
  for (const Warning& warning : index->take_warnings()) context.tell(warning);
  if (!done) return failed_or_stopped(context, done.error(), stop);
  // An error, also for who wants no notes: evidence may be lost.
  if (context.is_quiet() && done->kept && done->kept->failure) {
    (void)context.failed(*done->kept->failure);
  }
  const int status =
      context.print_document(to_document(*done, *index, level), to_facts(*done, *index));
  const auto& unreadable_directories = done->refresh.unreadable_directories;
  say_first(context, unreadable_directories, "directories could not be listed");
  const auto& not_looked_at = done->refresh.not_looked_at;
  say_first(context, not_looked_at, "files could not be looked at");
  return unreadable_directories.empty() && not_looked_at.empty() ? status : k_failed;
}

}  // namespace

Command make_refresh_command(const Context& context) {
  auto flags = std::make_shared<RefreshFlags>();
  Command command;
  command.name = "refresh";
  command.aliases = {"index"};
  command.group = "Stores";
  command.summary = "Bring the catalog in line with the files";
  command.description =
      "Looks at every file's stamp, reads those that are new or different, and says what changed. "
      "Queries do this by themselves, less thoroughly (--check dirs).";
  command.examples = {{"ktstr-index refresh", "see edits in place too"},
                      {"ktstr-index refresh --why", "with the reason for each file that is read"}};
  command.options = {
      {"--why", "", "Print each path that is looked at, and why", &flags->why},
      {"--label", "KEY=VALUE", "Say this of results that are new to the archive (repeatable)",
       parse_label_into(flags->keep.labels)},
      {"--traces", "", "Archive wprof traces, too", &flags->keep.with_traces},
  };
  command.run = [&context, flags] { return run(context, *flags); };
  return command;
}

}  // namespace ktstr
