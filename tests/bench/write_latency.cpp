// SPDX-License-Identifier: MIT
// What leaving a result costs a test: a bare write and rename, the library's write without and with
// the catalog's mirror, and the same as a process; by one writer, and by many at once.
//
//   bench-write SAMPLE DIRECTORY [KTSTR-INDEX]
//
// SAMPLE is a sidecar that is written again and again under other names, below the empty DIRECTORY.
// Times are medians in milliseconds; the ratios are to the bare write.

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "catalog/catalog.hpp"
#include "environment/places.hpp"
#include "ktstr/record.hpp"
#include "ktstr/writer.hpp"
#include "library/writer.hpp"

namespace ktstr {
namespace {

constexpr int k_rounds = 300;
constexpr int k_writers = 16;
constexpr int k_records_each = 25;
constexpr int k_process_rounds = 40;

using Times = std::vector<double>;

double median(Times times) {
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

double now_ms() { return static_cast<double>(system_clock().steady_ns()) / 1e6; }

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "bench-write: %s\n", why.c_str());
  std::exit(3);
}

/// Passes announcements on and says how long the last one took.
class TimedObserver final : public ChangeObserver {
 public:
  explicit TimedObserver(ChangeObserver* inner) : inner_(inner) {}
  void about_to_remove(std::span<const FileChange> files) noexcept override {
    if (inner_ != nullptr) inner_->about_to_remove(files);
  }
  void removed(std::span<const FileChange> files) noexcept override {
    if (inner_ != nullptr) inner_->removed(files);
  }
  void written(const FileChange& file) noexcept override {
    const double before = now_ms();
    if (inner_ != nullptr) inner_->written(file);
    last_ms = now_ms() - before;
  }
  void rewritten(const FileChange& file) noexcept override { written(file); }

  double last_ms = 0;

 private:
  ChangeObserver* inner_;
};

/// One runs root and what is written to it.
class Writer {
 public:
  Writer(const std::string& root, Record record, bool is_mirrored,
         const std::string& archive = "off")
      : record_(std::move(record)) {
    std::filesystem::create_directories(root);
    std::map<std::string, std::string> values = {
        {"KTSTR_RUNS_ROOT", root},           {"KTSTR_KERNEL", "6.14.2"},
        {"KTSTR_PROJECT_COMMIT", "abc1234"}, {"KTSTR_CACHE_DIR", root + "/no-cache"},
        {"KTSTR_INDEX_ARCHIVE", archive},    {"KTSTR_RUN_EPOCH", "bench"}};
    options_.variables = [values](const std::string& name) -> std::optional<std::string> {
      const auto found = values.find(name);
      return found == values.end() ? std::nullopt : std::optional(found->second);
    };
    options_.fill_in = FillIn::nothing;
    options_.mirror = is_mirrored;
  }

  struct Cost {
    double total_ms = 0;
    double mirror_ms = 0;
  };
  Cost write(const std::string& test_name) {
    record_.test_name = test_name;
    record_.run_id = std::to_string(++writes_);  // no two results have the same bytes
    const double before = now_ms();
    Mirroring mirroring(options_);
    TimedObserver observer(mirroring.observer());
    WriterSurroundings surroundings;
    surroundings.observer = &observer;
    const auto written = write_sidecar(record_, options_, surroundings);
    const double after = now_ms();
    if (!written) stop(written.error().text());
    return {after - before, observer.last_ms};
  }

 private:
  Record record_;
  WriterOptions options_;
  int writes_ = 0;
};

void write_bare(const std::string& directory, const std::string& name, const std::string& bytes) {
  const std::string target = directory + "/" + name;
  const std::string staging = target + ".tmp";
  const int file = ::open(staging.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  const bool is_written =
      file >= 0 &&
      ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
      ::close(file) == 0 && ::rename(staging.c_str(), target.c_str()) == 0;
  if (!is_written) stop("can't write " + target);
}

void print(const char* what, double ms, double base_ms) {
  std::printf("%-46s %8.3f ms %7.1f x\n", what, ms, ms / base_ms);
}

/// The rounds are interleaved, so that whatever else the machine does hits all alike.
double bench_one_writer(const std::string& directory, const Record& record) {
  Writer plain(directory + "/plain", record, false);
  Writer mirrored(directory + "/mirrored", record, true);
  std::filesystem::create_directories(directory + "/bare");
  const std::string bytes = encode_record(record);
  Times bare_ms, plain_ms, mirrored_ms, mirror_ms;
  for (int i = -10; i < k_rounds; ++i) {
    const std::string name = "t" + std::to_string(i + 10);
    const double before = now_ms();
    write_bare(directory + "/bare", name + "-0123456789abcdef.ktstr.json", bytes);
    const double bare = now_ms() - before;
    const double without = plain.write(name).total_ms;
    const Writer::Cost with = mirrored.write(name);
    if (i < 0) continue;  // the catalog is made, statements are prepared
    bare_ms.push_back(bare);
    plain_ms.push_back(without);
    mirrored_ms.push_back(with.total_ms);
    mirror_ms.push_back(with.mirror_ms);
  }
  const double base = median(bare_ms);
  std::printf("one writer, %zu bytes a record\n", bytes.size());
  print("  bare write and rename", base, base);
  print("  write_sidecar without mirror", median(plain_ms), base);
  print("  write_sidecar with mirror", median(mirrored_ms), base);
  print("  the mirror of it", median(mirror_ms), base);
  std::printf("  slowest mirror %.1f ms\n", *std::max_element(mirror_ms.begin(), mirror_ms.end()));
  return base;
}

/// A retry: the archive keeps what is about to be replaced.
void bench_overwrites(const std::string& directory, const Record& record, double base_ms) {
  Writer without(directory + "/forgotten", record, true);
  Writer with(directory + "/kept", record, true, directory + "/archive.sqlite3");
  Times without_ms, with_ms;
  for (int i = -10; i < k_rounds; ++i) {
    const double forgotten = without.write("again").total_ms;
    const double kept = with.write("again").total_ms;
    if (i < 0) continue;
    without_ms.push_back(forgotten);
    with_ms.push_back(kept);
  }
  std::printf("one writer, the same result again\n");
  print("  write_sidecar with mirror", median(without_ms), base_ms);
  print("  the same, and with archive", median(with_ms), base_ms);
  std::printf("  an overwrite costs %.3f ms more with archive (bar 0.3 ms)\n",
              median(with_ms) - median(without_ms));
}

/// Memory that children share with us.
template <class T>
std::span<T> shared_array(std::size_t count) {
  void* const memory =
      ::mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return {static_cast<T*>(memory), count};
}

void wait_for_all(const std::vector<pid_t>& processes) {
  bool is_good = true;
  for (const pid_t process : processes) {
    int status = -1;
    is_good &= ::waitpid(process, &status, 0) == process && status == 0;
  }
  if (!is_good) stop("a writer failed");
}

/// Records in a second; the costs are added to `costs`.
double run_writers(const std::string& root, const Record& record, int writers, int records_each,
                   bool is_mirrored, std::vector<Writer::Cost>& costs) {
  const auto shared = shared_array<Writer::Cost>(static_cast<std::size_t>(writers * records_each));
  std::array<int, 2> gate = {-1, -1};
  if (::pipe(gate.data()) != 0) stop("no pipe");
  std::vector<pid_t> processes;
  for (int writer = 0; writer < writers; ++writer) {
    processes.push_back(::fork());
    if (processes.back() != 0) continue;
    Writer own(root, record, is_mirrored);
    char go = 0;
    ::close(gate[1]);
    static_cast<void>(::read(gate[0], &go, 1));  // ends when the parent closes the other side
    for (int i = 0; i < records_each; ++i) {
      const std::string name = "w" + std::to_string(writer) + "_" + std::to_string(i);
      shared[static_cast<std::size_t>(writer * records_each + i)] = own.write(name);
    }
    ::_exit(0);
  }
  ::usleep(100'000);
  const double before = now_ms();
  ::close(gate[1]);
  wait_for_all(processes);
  const double elapsed_ms = now_ms() - before;
  ::close(gate[0]);
  costs.insert(costs.end(), shared.begin(), shared.end());
  return 1000.0 * static_cast<double>(costs.size()) / elapsed_ms;
}

/// The rows that are there, without a look at the files.
long count_rows(const std::string& root) {
  const CatalogOptions options{root, {default_catalog_path(root)}, 1'000};
  auto catalog = Catalog::open(options, system_file_system(), system_clock());
  if (!catalog) stop(catalog.error().text());
  return static_cast<long>(catalog->database().execAndGet("SELECT count(*) FROM pool").getInt64());
}

void bench_many_writers(const std::string& directory, const Record& record, double base_ms) {
  const int all = k_writers * k_records_each;
  for (const bool is_mirrored : {false, true}) {
    const std::string root = directory + (is_mirrored ? "/many-mirrored" : "/many-plain");
    std::vector<Writer::Cost> one, many;
    const double rate_one = run_writers(root + "-one", record, 1, all, is_mirrored, one);
    const double rate_many =
        run_writers(root, record, k_writers, k_records_each, is_mirrored, many);
    Times total_ms, mirror_ms;
    for (const Writer::Cost& cost : many) {
      total_ms.push_back(cost.total_ms);
      mirror_ms.push_back(cost.mirror_ms);
    }
    std::printf("%d processes, %d records each, %s mirror\n", k_writers, k_records_each,
                is_mirrored ? "with" : "without");
    print("  write_sidecar", median(total_ms), base_ms);
    if (is_mirrored) print("  the mirror of it", median(mirror_ms), base_ms);
    std::printf("  slowest write %.0f ms, slowest mirror %.0f ms\n",
                *std::max_element(total_ms.begin(), total_ms.end()),
                *std::max_element(mirror_ms.begin(), mirror_ms.end()));
    std::printf("  %.0f records/s; one writer alone %.0f records/s; ratio %.2f\n", rate_many,
                rate_one, rate_many / rate_one);
    if (is_mirrored) std::printf("  rows without a refresh: %ld of %d\n", count_rows(root), all);
  }
}

/// `ktstr-index harness write` with these variables.
double run_command(const std::string& index, const std::string& sample,
                   const std::vector<std::string>& variables) {
  std::vector<std::string> words = {index, "harness", "write", sample};
  std::vector<char*> arguments, environment;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<std::string> own = variables;
  for (std::string& variable : own) environment.push_back(variable.data());
  environment.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t process = -1;
  const double before = now_ms();
  const int failed = ::posix_spawn(&process, index.c_str(), &actions, nullptr, arguments.data(),
                                   environment.data());
  if (failed != 0) stop("can't run " + index);
  wait_for_all({process});
  posix_spawn_file_actions_destroy(&actions);
  return now_ms() - before;
}

std::vector<std::string> command_variables(const std::string& root, bool is_mirrored) {
  std::vector<std::string> variables = {"KTSTR_RUNS_ROOT=" + root, "KTSTR_KERNEL=6.14.2",
                                        "KTSTR_PROJECT_COMMIT=abc1234", "KTSTR_RUN_EPOCH=bench"};
  // Outside of the root nothing is mirrored.
  if (!is_mirrored) variables.push_back("KTSTR_SIDECAR_DIR=" + root + "-elsewhere");
  return variables;
}

/// Samples under as many names as are needed, so that each process writes a file of its own.
std::vector<std::string> write_samples(const std::string& directory, Record record, int count) {
  std::filesystem::create_directories(directory);
  std::vector<std::string> paths;
  for (int i = 0; i < count; ++i) {
    record.test_name = "p" + std::to_string(i);
    paths.push_back(directory + "/" + record.test_name + ".json");
    std::ofstream(paths.back(), std::ios::binary) << encode_record(record);
  }
  return paths;
}

void bench_processes(const std::string& directory, const Record& record, const std::string& index,
                     double base_ms) {
  const int all = k_writers * k_records_each;
  const auto samples = write_samples(directory + "/samples", record, all);
  std::printf("as a process: ktstr-index harness write\n");
  for (const bool is_mirrored : {false, true}) {
    const auto variables =
        command_variables(directory + (is_mirrored ? "/process" : "/process-plain"), is_mirrored);
    Times alone_ms;
    for (int i = 0; i < k_process_rounds; ++i) {
      alone_ms.push_back(run_command(index, samples[static_cast<std::size_t>(i)], variables));
    }
    print(is_mirrored ? "  alone, with mirror" : "  alone, without mirror", median(alone_ms),
          base_ms);
  }
  const std::string root = directory + "/processes";
  const auto variables = command_variables(root, true);
  const auto times = shared_array<double>(static_cast<std::size_t>(all));
  std::vector<pid_t> runners;
  for (int writer = 0; writer < k_writers; ++writer) {
    runners.push_back(::fork());
    if (runners.back() != 0) continue;
    for (int i = writer; i < all; i += k_writers) {
      const auto at = static_cast<std::size_t>(i);
      times[at] = run_command(index, samples[at], variables);
    }
    ::_exit(0);
  }
  wait_for_all(runners);
  print("  16 at once, with mirror", median({times.begin(), times.end()}), base_ms);
  std::printf("  slowest %.0f ms; rows without a refresh: %ld of %d\n",
              *std::max_element(times.begin(), times.end()), count_rows(root), all);
}

Record read_sample(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  const auto decoded = decode_record(bytes, SampleHandling::keep);
  if (!decoded) stop(path + ": " + decoded.error().message);
  return decoded->record;
}

}  // namespace
}  // namespace ktstr

int main(int count, char** words) {
  if (count < 3 || count > 4) ktstr::stop("usage: bench-write SAMPLE DIRECTORY [KTSTR-INDEX]");
  const ktstr::Record record = ktstr::read_sample(words[1]);
  const std::string directory = ktstr::canonical_path(words[2]);
  ::setvbuf(stdout, nullptr, _IOLBF, 0);
  const double base_ms = ktstr::bench_one_writer(directory, record);
  ktstr::bench_overwrites(directory, record, base_ms);
  ktstr::bench_many_writers(directory, record, base_ms);
  if (count > 3) ktstr::bench_processes(directory, record, words[3], base_ms);
}
