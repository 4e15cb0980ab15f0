// SPDX-License-Identifier: MIT
#include "ktstr/writer.hpp"

#include <charconv>
#include <cstdint>
#include <exception>
#include <utility>

#include "base/visible_text.hpp"
#include "environment/unknown_commit_gate.hpp"
#include "ktstr/kernel.hpp"
#include "ktstr/run_directory.hpp"
#include "ktstr/walk.hpp"
#include "library/mirroring.hpp"
#include "library/record_stamps.hpp"
#include "library/writer_internal.hpp"
#include "store/finalize.hpp"
#include "store/sidecar_writer.hpp"

namespace ktstr {
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
  const std::string directory = sidecar_directory(options, surroundings);
  if (!sidecar_directory_override(options.variables)) {
    auto checked = check_default_directory(*surroundings.file_system, directory);
    if (!checked) return checked;
  }
  return suppress_failure_dumps(*surroundings.file_system, directory, test_name, *hash,
                                surroundings.observer);
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
