// SPDX-License-Identifier: MIT
#include "library/writer.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/visible_text.hpp"
#include "environment/git.hpp"
#include "environment/places.hpp"
#include "environment/protocol.hpp"
#include "ktstr/host.hpp"
#include "ktstr/index.hpp"
#include "ktstr/kernel.hpp"
#include "ktstr/record.hpp"
#include "ktstr/run.hpp"
#include "ktstr/writer.hpp"
#include "record/decoder.hpp"
#include "record/fields.hpp"
#include "store/finalize.hpp"
#include "store/names.hpp"
#include "store/sidecar_writer.hpp"

namespace ktstr {
namespace {

bool is_unset(const std::string& text) { return text.empty(); }
bool is_unset(const std::optional<HostContext>& host) { return !host; }
bool is_unset(const std::optional<std::string>& text) { return !text || text->empty(); }

template <class T, class Source>
void fill(Record& record, T Record::*member, FillIn fill_in, const Source& source) {
  const bool is_missing =
      fill_in == FillIn::unset ? is_unset(record.*member) : !was_read(record, member);
  if (is_missing) record.*member = source();
}

}  // namespace

StampSources process_stamp_sources(const Variables& variables,
                                   const std::optional<std::string>& kconfig_suffix) {
  StampSources sources;
  sources.project_commit = [variables] { return detect_project_commit(variables); };
  sources.kernel_version = [variables] { return kernel_version(variables); };
  sources.kernel_commit = [variables, kconfig_suffix] {
    // No setting keeps a result from being written.
    return kernel_commit_for_sidecar(
        variables, kconfig_suffix ? kconfig_suffix : lenient_kconfig_suffix(variables));
  };
  sources.timestamp = [] { return now_iso8601(); };
  sources.run_id = generate_run_id;
  sources.host = collect_host_context;
  sources.run_source = [variables] { return run_source(variables); };
  return sources;
}

void stamp_record(Record& record, FillIn fill_in, const StampSources& sources) {
  if (fill_in == FillIn::nothing) return;
  fill(record, &Record::project_commit, fill_in, sources.project_commit);
  fill(record, &Record::kernel_version, fill_in, sources.kernel_version);
  fill(record, &Record::kernel_commit, fill_in, sources.kernel_commit);
  fill(record, &Record::timestamp, fill_in, sources.timestamp);
  fill(record, &Record::run_id, fill_in, sources.run_id);
  fill(record, &Record::host, fill_in, sources.host);
  fill(record, &Record::run_source, fill_in, sources.run_source);
}

Record skip_record(Record identity) {
  Record record;
  record.keys = std::move(identity.keys);
  record.test_name = std::move(identity.test_name);
  record.topology = std::move(identity.topology);
  record.scheduler = std::move(identity.scheduler);
  record.scheduler_commit = std::move(identity.scheduler_commit);
  record.project_commit = std::move(identity.project_commit);
  record.payload = std::move(identity.payload);
  record.skipped = true;
  record.work_type = std::move(identity.work_type);
  record.sysctls = std::move(identity.sysctls);
  record.kargs = std::move(identity.kargs);
  record.kernel_version = std::move(identity.kernel_version);
  record.kernel_commit = std::move(identity.kernel_commit);
  record.timestamp = std::move(identity.timestamp);
  record.run_id = std::move(identity.run_id);
  record.host = std::move(identity.host);
  record.run_source = std::move(identity.run_source);
  record.perf_delta_assertions = std::move(identity.perf_delta_assertions);
  return record;
}

namespace {

/// What the writer fills in where it is missing. The contract lets the other facts of the
/// environment be missing anyway.
bool is_filled_in(const ContractBreak& place) {
  return place.path.empty() && (place.missing_key == "timestamp" || place.missing_key == "run_id");
}

std::string breaks_text(const RecordDraft& draft) {
  std::string text;
  for (const ContractBreak& place : draft.breaks) text += (text.empty() ? "" : "; ") + place.text();
  if (draft.unlisted_breaks > 0) text += "; and " + std::to_string(draft.unlisted_breaks) + " more";
  return text;
}

/// The variant's fields that are missing or have the wrong type.
std::vector<std::string> unusable_variant_parts(const Record& record) {
  std::vector<std::string> parts;
  const auto look = [&](const char* name, auto member) {
    if (!was_read(record, member)) parts.emplace_back(name);
  };
  look("topology", &Record::topology);
  look("scheduler", &Record::scheduler);
  look("work_type", &Record::work_type);
  look("sysctls", &Record::sysctls);
  look("kargs", &Record::kargs);
  return parts;
}

tl::unexpected<Error> unusable(const std::vector<std::string>& parts) {
  std::string text = parts.size() == 1 ? "no usable field" : "no usable fields";
  for (const std::string& part : parts) {
    text += (&part == parts.data() ? " `" : ", `") + part + "`";
  }
  return fail(ErrorCode::parse, std::move(text), {},
              "a record or an object with topology, scheduler, payload, work_type, sysctls and "
              "kargs is wanted");
}

}  // namespace

Result<Record> parse_harness_record(const std::string& json) {
  auto draft = decode_draft(json);
  if (!draft) return fail(std::move(draft.error()));
  std::erase_if(draft->breaks, is_filled_in);
  if (!draft->breaks.empty()) return fail(ErrorCode::parse, breaks_text(*draft));
  return std::move(draft->record);
}

Result<Record> parse_harness_variant(const std::string& json) {
  auto decoded = decode_record(json, SampleHandling::keep);
  if (!decoded) return fail(std::move(decoded.error()));
  const auto parts = unusable_variant_parts(decoded->record);
  if (!parts.empty()) return unusable(parts);
  return std::move(decoded->record);
}

Result<Record> parse_harness_identity(const std::string& json) {
  auto decoded = decode_record(json, SampleHandling::keep);
  if (!decoded) return fail(std::move(decoded.error()));
  auto parts = unusable_variant_parts(decoded->record);
  if (!was_read(decoded->record, &Record::test_name)) parts.insert(parts.begin(), "test_name");
  if (!parts.empty()) return unusable(parts);
  return std::move(decoded->record);
}

namespace {

/// A process's mirrors, by root and catalog.
struct ProcessMirrors {
  const pid_t process = ::getpid();
  std::mutex mutex;  ///< guards the maps
  std::map<std::string, SharedMirror> mirrors;
  std::map<std::string, SharedArchive> archives;
  OnceGate warned;
  ProcessMirrors* parents = nullptr;
};

/// A child after a fork gets new ones, and leaves its parent's as they are: SQLite's locks are the
/// parent's, even closing its connections in the child would let go of files that they belong to,
/// and a mutex may have been copied while it was locked. So they are never destroyed, which also
/// keeps the end of a process free of waits and of threads that write while statics die.
ProcessMirrors& process_mirrors() {
  static std::atomic<ProcessMirrors*> current = nullptr;
  ProcessMirrors* mirrors = current.load();
  if (mirrors != nullptr && mirrors->process == ::getpid()) return *mirrors;
  auto* const made = new ProcessMirrors();
  made->parents = mirrors;
  if (current.compare_exchange_strong(mirrors, made)) return *made;
  delete made;  // another thread was faster
  return *mirrors;
}

SharedMirror& mirror_for(ProcessMirrors& process, const Variables& variables) {
  MirrorOptions options;
  options.root = canonical_path(runs_root(variables).path);
  options.location.path = absolute_path(catalog_path(std::nullopt, variables, options.root).path);
  options.location.is_in_root = options.location.path == default_catalog_path(options.root);
  options.location.is_named = !is_indexers_place(variables, options.root, options.location.path);
  std::string key = options.root + '\0' + options.location.path;
  const std::lock_guard lock(process.mutex);
  return process.mirrors.try_emplace(std::move(key), std::move(options)).first->second;
}

/// nullptr: it is off.
SharedArchive* archive_for(ProcessMirrors& process, const Variables& variables) {
  const ArchiveChoice choice = archive_choice(std::nullopt, variables);
  if (!choice.path) return nullptr;
  ArchiveMirrorOptions options;
  options.root = canonical_path(runs_root(variables).path);
  options.archive.path = *choice.path;
  options.archive.is_named = choice.is_named;
  // The run directory's lock is held meanwhile; but what isn't kept now is lost.
  options.archive.busy_timeout_ms = 2'000;
  std::string key = options.root + '\0' + options.archive.path;
  const std::lock_guard lock(process.mutex);
  return &process.archives.try_emplace(std::move(key), std::move(options)).first->second;
}

}  // namespace

Mirroring::Mirroring(const WriterOptions& options) {
  if (!options.mirror) return;
  ProcessMirrors& process = process_mirrors();
  const MessageSink sink = options.messages ? options.messages : stderr_sink();
  mirror_.emplace(mirror_for(process, options.variables), process.warned, sink);
  if (auto* const archive = archive_for(process, options.variables))
    archive_.emplace(*archive, sink);
}

void Mirroring::about_to_remove(std::span<const FileChange> files) noexcept {
  if (archive_) archive_->about_to_remove(files);
  mirror_->about_to_remove(files);
}

void Mirroring::removed(std::span<const FileChange> files) noexcept { mirror_->removed(files); }
void Mirroring::written(const FileChange& file) noexcept { mirror_->written(file); }
void Mirroring::rewritten(const FileChange& file) noexcept { mirror_->rewritten(file); }

namespace {

MessageSink sink_of(const WriterOptions& options) {
  return options.messages ? options.messages : stderr_sink();
}

/// From what the environment says of kernel and project; the record's own fields may say otherwise.
std::string default_directory(const WriterOptions& options,
                              const WriterSurroundings& surroundings) {
  OnceGate& gate =
      surroundings.unknown_commit != nullptr ? *surroundings.unknown_commit : unknown_commit_gate();
  OnceGate& refused = surroundings.refused_path_part != nullptr ? *surroundings.refused_path_part
                                                                : refused_path_part_gate();
  const auto kernel = kernel_version(options.variables);
  const auto commit = surroundings.project_commit(options.variables);
  warn_refused_path_parts(kernel, commit, refused, sink_of(options));
  return default_sidecar_directory(options.variables, kernel, commit, gate, sink_of(options));
}

/// The override is looked up once here and never again in the same write: what is locked and
/// cleared is then surely what is written to.
SidecarWrite where_to_write(const WriterOptions& options, const WriterSurroundings& surroundings) {
  SidecarWrite how;
  auto chosen = sidecar_directory_override(options.variables);
  how.is_default_directory = !chosen;
  how.directory = chosen ? std::move(*chosen) : default_directory(options, surroundings);
  how.session_token = run_session_token(options.variables);
  how.sync = options.sync;
  how.lock_timeout = options.lock_timeout;
  how.observer = surroundings.observer;
  how.messages = sink_of(options);
  how.at_step = surroundings.at_step;
  how.file_system = surroundings.file_system;
  how.clock = surroundings.clock;
  how.pre_clear_memo = surroundings.pre_clear_memo;
  return how;
}

Result<WrittenSidecar> write_labelled(Record record, const std::string& label,
                                      const WriterOptions& options,
                                      const WriterSurroundings& surroundings) {
  // Before the probes, which may take long.
  if (auto checked = check_test_name(record.test_name); !checked) return fail(checked.error());
  SidecarWrite how = where_to_write(options, surroundings);
  how.label = label;
  StampSources sources = process_stamp_sources(options.variables, options.kconfig_suffix);
  sources.project_commit = [&] { return surroundings.project_commit(options.variables); };
  stamp_record(record, options.fill_in, sources);
  return write_sidecar_file(record, how);
}

Result<std::uint64_t> parse_variant_hash(const std::string& text) {
  constexpr std::size_t k_digits = 16;
  const bool is_hash =
      text.size() == k_digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hash) {
    return fail(ErrorCode::usage,
                "the variant hash '" + escape_control(text) + "' is not 16 lower-case hex digits");
  }
  std::uint64_t hash = 0;
  std::from_chars(text.data(), text.data() + text.size(), hash, 16);
  return hash;
}

/// What a callback of the caller throws, or a lack of memory, becomes an Error.
template <class Function>
auto without_exceptions(const Function& function) noexcept -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& exception) {
    return fail(ErrorCode::io, exception.what());
  } catch (...) {
    return fail(ErrorCode::io, "a callback threw something unknown");
  }
}

/// The same for a function that changes files, which the catalog's mirror is told of.
template <class Function>
auto mirrored(const WriterOptions& options, const Function& function) noexcept {
  return without_exceptions([&] {
    Mirroring mirroring(options);
    WriterSurroundings surroundings;
    surroundings.observer = mirroring.observer();
    return function(surroundings);
  });
}

}  // namespace

Result<WrittenSidecar> write_sidecar(Record record, const WriterOptions& options,
                                     const WriterSurroundings& surroundings) {
  return write_labelled(std::move(record), "sidecar", options, surroundings);
}

Result<WrittenSidecar> write_skip_sidecar(Record identity, const WriterOptions& options,
                                          const WriterSurroundings& surroundings) {
  return write_labelled(skip_record(std::move(identity)), "skip sidecar", options, surroundings);
}

Result<FinalizeOutcome> finalize_sidecar(const std::string& path, Verdict final_verdict,
                                         const WriterOptions& options,
                                         const WriterSurroundings& surroundings) {
  FinalizeWrite how;
  how.files = surroundings.file_system;
  how.clock = surroundings.clock;
  how.messages = sink_of(options);
  how.lock_timeout = options.lock_timeout;
  how.sync = options.sync;
  how.refuse_second_inversion = options.refuse_second_inversion;
  how.observer = surroundings.observer;
  how.at_step = surroundings.at_step;
  const auto changed = finalize_sidecar_file(path, final_verdict, how);
  if (!changed) return fail(changed.error());
  return *changed ? FinalizeOutcome::rewritten : FinalizeOutcome::unchanged;
}

Result<void> suppress_failure_dumps(const std::string& test_name, const std::string& variant_hash,
                                    const WriterOptions& options,
                                    const WriterSurroundings& surroundings) {
  const auto hash = parse_variant_hash(variant_hash);
  if (!hash) return fail(hash.error());
  const bool is_default = !sidecar_directory_override(options.variables);
  return suppress_failure_dumps(*surroundings.file_system, sidecar_directory(options, surroundings),
                                is_default, test_name, *hash, surroundings.observer);
}

std::string sidecar_directory(const WriterOptions& options,
                              const WriterSurroundings& surroundings) {
  if (auto chosen = sidecar_directory_override(options.variables)) return *std::move(chosen);
  return default_directory(options, surroundings);
}

Result<WrittenSidecar> write_sidecar(Record record, const WriterOptions& options) {
  return mirrored(options, [&](const WriterSurroundings& surroundings) {
    return write_sidecar(std::move(record), options, surroundings);
  });
}

Result<WrittenSidecar> write_skip_sidecar(Record identity, const WriterOptions& options) {
  return mirrored(options, [&](const WriterSurroundings& surroundings) {
    return write_skip_sidecar(std::move(identity), options, surroundings);
  });
}

Result<FinalizeOutcome> finalize_sidecar(const std::string& path, Verdict final_verdict,
                                         const WriterOptions& options) {
  return mirrored(options, [&](const WriterSurroundings& surroundings) {
    return finalize_sidecar(path, final_verdict, options, surroundings);
  });
}

Result<void> suppress_failure_dumps(const std::string& test_name, const std::string& variant_hash,
                                    const WriterOptions& options) {
  return mirrored(options, [&](const WriterSurroundings& surroundings) {
    return suppress_failure_dumps(test_name, variant_hash, options, surroundings);
  });
}

std::string sidecar_directory(const WriterOptions& options) {
  const auto directory =
      without_exceptions([&]() -> Result<std::string> { return sidecar_directory(options, {}); });
  return directory.value_or(std::string());
}

}  // namespace ktstr
