// SPDX-License-Identifier: MIT
#include "plan.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "random.hpp"

namespace ktstr::sample {
namespace {

constexpr std::int64_t k_second_ns = 1'000'000'000;
constexpr std::int64_t k_month_ns = 30LL * 24 * 3600 * k_second_ns;
constexpr std::size_t k_cycle = 6;  // sessions after which machine and kind repeat

std::string short_commit(std::uint64_t bits) { return hex16(bits).substr(0, 7); }

/// Commits in order; the last of each cycle is the one before it with uncommitted edits.
std::vector<std::string> make_commits(const Options& options, std::size_t count) {
  std::vector<std::string> commits;
  std::set<std::string> taken;
  Random random(derive_seed(options.seed, "commits"));
  for (std::size_t i = 0; i < count; ++i) {
    if (i % k_cycle == k_cycle - 1) {
      commits.push_back(commits.back() + "-dirty");
      continue;
    }
    std::string commit = short_commit(random.next());
    while (!taken.insert(commit).second) commit = short_commit(random.next());
    commits.push_back(std::move(commit));
  }
  return commits;
}

HostName host_of(std::size_t commit) {
  switch (commit % k_cycle) {
    case 1:
    case 4:
      return HostName::ci;
    case 3:
      return HostName::arm;
    default:
      return HostName::desk;
  }
}

std::vector<Session> make_sessions(const Options& options, std::size_t commits) {
  std::vector<Session> sessions;
  const std::size_t count = std::max<std::size_t>(1, commits * options.repeats);
  const std::int64_t spacing_ns = k_month_ns / static_cast<std::int64_t>(count);
  Random random(derive_seed(options.seed, "sessions"));
  for (std::size_t i = 0; i < count; ++i) {
    Session session;
    session.commit = i / options.repeats;
    session.repeat = i % options.repeats;
    session.time_ns =
        k_end_ns - k_month_ns + spacing_ns * static_cast<std::int64_t>(i) +
        static_cast<std::int64_t>(random.uniform(0.3, 0.7) * static_cast<double>(spacing_ns));
    session.host = host_of(session.commit);
    session.from_ci = session.host == HostName::ci;
    session.newer_producer = commits > 2 && session.commit >= commits * 2 / 3;
    sessions.push_back(session);
  }
  return sessions;
}

/// The second kernel of a session moves on with time.
std::string second_kernel(std::size_t commit, std::size_t commits) {
  const char* const kernels[] = {"6.12.3", "6.16.0-rc3", k_newest_kernel};
  return kernels[commits < 3 ? 2 : commit * 3 / commits];
}

RunDirectory make_directory(const Options& options, const Plan& plan, std::size_t pair,
                            std::size_t repeat) {
  RunDirectory directory;
  const std::size_t commit = pair / 2;
  directory.session = commit * options.repeats + repeat;
  directory.kernel = pair % 2 == 0 ? k_steady_kernel : second_kernel(commit, plan.commits.size());
  if (directory.kernel.find("-rc") != std::string::npos) {
    directory.kernel_commit = short_commit(derive_seed(options.seed, directory.kernel));
  }
  directory.name = directory.kernel + '-' + plan.commits[commit];
  if (repeat > 0) directory.name += "-repeat" + std::to_string(repeat + 1);
  return directory;
}

}  // namespace

Plan make_plan(const Options& options) {
  Plan plan;
  const std::size_t commits = (options.run_directories + 1) / 2;
  plan.commits = make_commits(options, commits);
  plan.sessions = make_sessions(options, commits);
  for (std::size_t pair = 0; pair < options.run_directories; ++pair) {
    for (std::size_t repeat = 0; repeat < options.repeats; ++repeat) {
      plan.directories.push_back(make_directory(options, plan, pair, repeat));
    }
  }
  // Written in the order of time, so that the directories' own times tell the same story.
  std::stable_sort(
      plan.directories.begin(), plan.directories.end(),
      [](const RunDirectory& a, const RunDirectory& b) { return a.session < b.session; });
  plan.cases = make_cases(options.tests);
  return plan;
}

std::int64_t rerun_time_ns(const Session& session, std::size_t rerun) {
  constexpr std::int64_t k_between_ns = 17LL * 60 * k_second_ns;
  return session.time_ns + static_cast<std::int64_t>(rerun) * k_between_ns;
}

std::string session_token(const Options& options, const Plan& plan, const RunDirectory& directory,
                          std::size_t rerun) {
  const std::uint64_t part = directory.session * 1'000'003 + rerun;
  Random random(derive_seed(derive_seed(options.seed, "token"), part));
  const std::int64_t start_ns = rerun_time_ns(plan.sessions[directory.session], rerun);
  const auto within_second = static_cast<std::int64_t>(random.integer(1, 999'999'999));
  return std::to_string(start_ns / k_second_ns * k_second_ns + within_second);
}

}  // namespace ktstr::sample
