// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <getopt.h>

#include <charconv>
#include <string_view>

namespace ktstr::sample {
namespace {

enum Flag {
  k_out,
  k_manifest,
  k_seed,
  k_directories,
  k_tests,
  k_repeats,
  k_reruns,
  k_samples,
  k_clean,
  k_no_jobs,
  k_describe,
  k_help
};

constexpr option k_long_options[] = {{"out", required_argument, nullptr, k_out},
                                     {"manifest", required_argument, nullptr, k_manifest},
                                     {"seed", required_argument, nullptr, k_seed},
                                     {"run-directories", required_argument, nullptr, k_directories},
                                     {"tests", required_argument, nullptr, k_tests},
                                     {"repeats", required_argument, nullptr, k_repeats},
                                     {"reruns", required_argument, nullptr, k_reruns},
                                     {"samples", required_argument, nullptr, k_samples},
                                     {"clean", no_argument, nullptr, k_clean},
                                     {"no-jobs", no_argument, nullptr, k_no_jobs},
                                     {"describe", no_argument, nullptr, k_describe},
                                     {"help", no_argument, nullptr, k_help},
                                     {nullptr, 0, nullptr, 0}};

/// False if `text` is not a whole number from `least` to `most`.
bool read_number(std::string_view text, std::uint64_t least, std::uint64_t most,
                 std::uint64_t& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && number >= least &&
         number <= most;
}

bool set_count(std::size_t& field, std::uint64_t least, std::string_view text) {
  constexpr std::uint64_t k_most = 10'000'000;
  std::uint64_t number = 0;
  if (!read_number(text, least, k_most, number)) return false;
  field = number;
  return true;
}

bool set_switch(Options& options, int flag) {
  if (flag == k_no_jobs) options.jobs = false;
  if (flag == k_clean) options.clean = true;
  if (flag == k_describe) options.describe = true;
  if (flag == k_help) options.help = true;
  return true;
}

/// False if the value can't be the flag's.
bool set_flag(Options& options, int flag, std::string_view value) {
  switch (flag) {
    case k_out:
      options.out = value;
      return !value.empty();
    case k_manifest:
      options.manifest = value;
      return !value.empty();
    case k_seed:
      return read_number(value, 0, UINT64_MAX, options.seed);
    case k_directories:
      return set_count(options.run_directories, 1, value);
    case k_tests:
      return set_count(options.tests, 1, value);
    case k_repeats:
      return set_count(options.repeats, 1, value);
    case k_reruns:
      return set_count(options.reruns, 0, value);
    case k_samples:
      return set_count(options.samples, 0, value);
    default:
      return set_switch(options, flag);
  }
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
  Options options;
  opterr = 0;  // the messages are ours
  int index = -1;
  for (int flag = 0; (flag = getopt_long(argc, argv, "", k_long_options, &index)) != -1;) {
    if (flag == '?') {
      return fail(ErrorCode::usage,
                  "unknown flag, or one without its value: " + std::string(argv[optind - 1]));
    }
    const std::string value = optarg == nullptr ? "" : optarg;
    if (!set_flag(options, flag, value)) {
      return fail(ErrorCode::usage,
                  std::string("bad value for --") + k_long_options[index].name + ": " + value);
    }
  }
  if (optind < argc) return fail(ErrorCode::usage, "not a flag: " + std::string(argv[optind]));
  if (options.out.empty() && !options.describe && !options.help) {
    return fail(ErrorCode::usage, "--out DIR is needed");
  }
  return options;
}

std::string usage_text() {
  return R"(Usage: sample-pool --out DIR [FLAGS]

Makes a runs root full of synthetic sidecars, the same ones for the same flags.
Every record says so: its host's kernel command line holds ktstr_index.synthetic=1.

  --out DIR            the runs root to make; must not exist, or be empty
  --seed N             another seed makes another pool (default 1)
  --run-directories N  pairs of kernel and commit (default 12)
  --tests N            sidecars of each run directory (default 40)
  --repeats N          run directories of each pair, {kernel}-{commit}-repeatK from
                       the second on: the same code measured again (default 1)
  --reruns N           later sessions over each run directory: they overwrite its
                       sidecars in place, and a new session token its old one
                       (default 0)
  --samples N          wake latency samples per phase and cgroup, for the tests
                       that sleep: 25000 make records of MBs (default: about 12)
  --clean              whole sidecars and session tokens, and nothing else
  --no-jobs            no job directories in the run directories of CI sessions
  --manifest FILE      what each sidecar is meant to be, as JSON lines
                       (path, status, detail); outside of DIR
  --describe           prints what is planted in the pool that the other flags
                       make; makes it too if --out is given
  --help               prints this

Exit status: 0 done, 2 bad flags or DIR not empty, 3 could not write.
)";
}

}  // namespace ktstr::sample
