// SPDX-License-Identifier: MIT

// The refresh of a Session that keeps evidence.

#include <algorithm>

#include "catalog/archive_exposure.hpp"
#include "catalog/archive_mending.hpp"
#include "ktstr/messages.hpp"
#include "library/archive_access.hpp"
#include "library/session.hpp"
#include "query/archive_gc.hpp"

namespace ktstr {

Result<KeptRefresh> Session::refresh_and_keep(const RefreshOptions& options,
                                              const KeepOptions& keep) {
  KeptRefresh done;
  const ArchiveChoice choice = archive_choice(options_.archive, options_.variables);
  if (!choice.path || options_.is_foreign) {
    done.why_not = options_.is_foreign ? "a pool that is only looked at" : choice.from;
    auto report = refresh(options);
    if (!report) return fail(std::move(report.error()));
    done.refresh = std::move(*report);
    return done;
  }
  ArchiveOptions archive;
  archive.path = *choice.path;
  archive.is_named = choice.is_named;
  archive.check_integrity = true;
  KeeperOptions keeper_options;
  keeper_options.root = paths_.root.path;
  keeper_options.labels = keep.labels;
  keeper_options.session = keep.session;
  keeper_options.with_traces = keep.with_traces;
  keeper_options.most_file_bytes = options_.limits.max_file_bytes;
  ArchiveKeeper keeper(archive, keeper_options, *options_.file_system, *options_.clock);
  keeper.keep_spools(keep.spools);
  RefreshOptions observed = options;
  observed.observer = &keeper;
  auto report = refresh(observed);
  if (!report) return fail(std::move(report.error()));
  done.refresh = std::move(*report);
  done.kept = keeper.finish(catalog_.database());
  done.archive_path = *choice.path;
  warn_of(keeper, *done.kept);
  if (!keep.labels.empty() && !keep.session) {
    warnings_.push_back("labelled " + std::to_string(done.kept->results) +
                        " results that are new to the archive; those that it had keep theirs");
  }
  if (keeper.archive() != nullptr) keep_below_cap(*keeper.archive());
  return done;
}

void Session::warn_of(ArchiveKeeper& keeper, const KeepReport& report) {
  if (const Archive* const archive = keeper.archive()) {
    if (archive->is_new()) warnings_.push_back(archive_announcement(archive->path()));
    // Not with each of a capturing service's refreshes.
    static OnceGate gate;
    const std::string exposure = archive_exposure(archive->path(), archive->is_named());
    if (!exposure.empty() && gate.enter()) warnings_.push_back(exposure);
    const auto& more = archive->warnings();
    warnings_.insert(warnings_.end(), more.begin(), more.end());
  }
  if (report.synthetic > 0) {
    warnings_.push_back(std::to_string(report.synthetic) +
                        " results of the sample generator are not archived (name an --archive "
                        "for them)");
  }
  for (const Error& stranger : report.left_alone) {
    // The catalog may have met the same link, and has said so.
    const auto& said = catalog_.warnings();
    const bool is_known = std::any_of(said.begin(), said.end(), [&](const std::string& warning) {
      return warning.find(stranger.path + ": ") != std::string::npos;
    });
    if (!is_known) warnings_.push_back(stranger.text());
  }
  if (report.not_taken > 0) {
    // What a refresh didn't get in, it tries again when it catches up.
    warnings_.push_back(std::to_string(report.not_taken) +
                        " results or dumps could not be archived: " + report.refusal->text());
  }
  if (report.failure) {
    warnings_.push_back("not everything could be archived: " + report.failure->text() +
                        "; the next refresh tries again");
  }
}

void Session::keep_below_cap(Archive& archive) {
  auto cap_bytes = archive_cap_bytes(options_.variables);
  if (!cap_bytes) {
    warnings_.push_back(cap_bytes.error().text());
    cap_bytes = k_default_archive_cap_bytes;
  }
  const std::size_t said = archive.warnings().size();
  const auto dropped = with_mending(archive, *options_.file_system, *options_.clock, [&] {
    return enforce_archive_cap(archive, *cap_bytes, *options_.clock);
  });
  const auto& all = archive.warnings();
  warnings_.insert(warnings_.end(), all.begin() + static_cast<std::ptrdiff_t>(said), all.end());
  const std::string sentence = dropped ? cap_sentence(*dropped, *cap_bytes)
                                       : "the archive is over its cap: " + dropped.error().text();
  if (!sentence.empty()) warnings_.push_back(sentence);
}

}  // namespace ktstr
