// SPDX-License-Identifier: MIT
#include "catalog/mirror.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/hashing.hpp"
#include "catalog/read_sidecar.hpp"

namespace ktstr {
namespace {

// The mean is what two or three transactions take. With shorter pauses, sixteen who wait keep a
// core busy asking, and the one who has the lock from finishing.
constexpr std::int64_t k_shortest_sleep_ns = 300'000;
constexpr std::int64_t k_longest_sleep_ns = 1'500'000;

// A new connection that is alone reads the log first, so it should not be long: 4 MiB take 1 ms.
constexpr int k_log_pages = 1'000;
constexpr unsigned int k_checkpoint_one_in = 8;

int wait_for_lock(void* wait, int /*calls*/) {
  return static_cast<FairWait*>(wait)->wait() ? 1 : 0;
}

/// After a commit. SQLite's own rule has everybody copy and sync from the moment that the log is
/// too long until it happens to begin anew, which it can't while others read: then every write of
/// every test syncs. One in some, drawn by lot, is enough to keep it bounded, and waits for nobody.
int keep_log_short(void* wait, sqlite3* handle, const char* schema, int pages) {
  if (pages >= k_log_pages && static_cast<FairWait*>(wait)->draw(k_checkpoint_one_in)) {
    sqlite3_wal_checkpoint_v2(handle, schema, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  }
  return SQLITE_OK;
}

}  // namespace

FairWait::FairWait(Clock& clock)
    : clock_(clock),
      // The processes of one session begin together, so the time alone would put them in step.
      random_(static_cast<std::minstd_rand::result_type>(clock.now_ns() ^
                                                         (std::int64_t{::getpid()} << 16))) {}

bool FairWait::wait() {
  const std::int64_t left_ns = deadline_ns_ - clock_.steady_ns();
  if (left_ns <= 0) return false;
  std::uniform_int_distribution<std::int64_t> sleeps(k_shortest_sleep_ns, k_longest_sleep_ns);
  clock_.sleep_ns(std::min(left_ns, sleeps(random_)));
  return true;
}

Result<std::unique_ptr<MirrorConnection>> MirrorConnection::open(
    const CatalogOptions& options, FileSystem& file_system, Clock& clock, std::int64_t deadline_ns,
    std::vector<std::string>& warnings) {
  CatalogOptions impatient = options;
  impatient.busy_timeout_ms = 0;  // the waiting is done here
  FairWait wait(clock);
  wait.set_deadline_ns(deadline_ns);
  auto catalog = Catalog::open(impatient, file_system, clock);
  while (!catalog && catalog.error().code == ErrorCode::busy && wait.wait()) {
    catalog = Catalog::open(impatient, file_system, clock);
  }
  if (!catalog) return fail(std::move(catalog.error()));
  warnings.insert(warnings.end(), catalog->warnings().begin(), catalog->warnings().end());
  return std::unique_ptr<MirrorConnection>(new MirrorConnection(std::move(*catalog), clock));
}

MirrorConnection::MirrorConnection(Catalog catalog, Clock& clock)
    : wait_(clock), catalog_(std::move(catalog)), tables_(catalog_.database()) {
  sqlite3* const handle = catalog_.database().getHandle();
  sqlite3_busy_handler(handle, wait_for_lock, &wait_);
  sqlite3_wal_hook(handle, keep_log_short, &wait_);
}

MirrorConnection::~MirrorConnection() = default;

void MirrorConnection::ensure_log() {
  if (is_journal_final_) return;
  try {
    database().execAndGet("PRAGMA journal_mode = WAL");
    is_journal_final_ = true;
  } catch (const SQLite::Exception& exception) {
    if (sqlite_error(exception, {}).code != ErrorCode::busy) throw;
  }
}

namespace {

// They are in memory.
constexpr std::size_t k_most_late_rows = 64;

/// As a refresh would read it. None for what it has to find itself: a file that is no sidecar, or
/// so large that nobody should wait for it here.
std::optional<PreparedFile> prepare(const std::string& file_name, const FileChange& change) {
  if (change.bytes->size() > ReadLimits{}.alone_above_bytes) return std::nullopt;
  PreparedFile file;
  file.file_name = file_name;
  file.stamp = KnownStamp{change.stamp, false};
  decode_into(file, *change.bytes);
  if (!file.record) return std::nullopt;
  file.content_id = content_id(*change.bytes);
  set_file_hash(file);
  return file;
}

/// Its id. A new one goes in without a stamp.
std::int64_t ensure_directory(CatalogTables& tables, const std::string& run_dir,
                              const std::string& job) {
  const std::int64_t id = tables.find_directory(run_dir, job);
  if (id != 0) return id;
  DirectoryRow unseen;
  unseen.run_dir = run_dir;
  unseen.job = job;
  return tables.put_directory(unseen);
}

/// As for SQLite's lock: a standard mutex can't be waited for with a limit.
std::unique_lock<std::mutex> lock_until(std::mutex& mutex, std::int64_t deadline_ns, Clock& clock) {
  std::unique_lock lock(mutex, std::try_to_lock);
  if (lock) return lock;
  FairWait wait(clock);
  wait.set_deadline_ns(deadline_ns);
  while (!lock.try_lock() && wait.wait()) {
  }
  return lock;
}

}  // namespace

SharedMirror::SharedMirror(MirrorOptions options) : options_(std::move(options)) {}

SharedMirror::Complaint SharedMirror::store(const FileChange& file) {
  if (is_off_ || file.bytes == nullptr) return std::nullopt;
  const auto place = sidecar_place(options_.root, file.path);
  if (!place) return std::nullopt;
  auto prepared = prepare(place->file_name, file);
  if (!prepared) return std::nullopt;
  Row row{*place, file.path, std::move(*prepared)};
  auto complaint = transact([&](CatalogTables& tables) { return put_row(tables, row); });
  if (!complaint) {
    store_late_rows();
  } else if (!is_off_) {
    keep_for_later(std::move(row));
  }
  return complaint;
}

SharedMirror::Complaint SharedMirror::remove(std::span<const FileChange> files) {
  if (is_off_) return std::nullopt;
  std::vector<std::pair<SidecarPlace, const std::string*>> gone;
  for (const FileChange& file : files) {
    if (auto place = sidecar_place(options_.root, file.path))
      gone.emplace_back(std::move(*place), &file.path);
  }
  if (gone.empty()) return std::nullopt;
  return transact([&](CatalogTables& tables) {
    bool is_changed = false;
    for (const auto& [place, path] : gone) is_changed |= remove_row(tables, place, *path);
    if (is_changed) tables.records().remove_unused_hosts();
    return is_changed;
  });
}

/// The look at the path comes last. Whoever replaces or removes the file after it moves the
/// directory's stamp, and a refresh can't trust that stamp for seconds; the shorter the time from
/// the look to the commit, the surer it is that such a refresh comes after this row.
bool SharedMirror::put_row(CatalogTables& tables, const Row& row) const {
  const SidecarPlace& place = row.place;
  const Stamp& stamp = row.file.stamp->stamp;
  if (!place.job.empty()) ensure_directory(tables, place.run_dir, "");
  const std::int64_t directory = ensure_directory(tables, place.run_dir, place.job);
  const auto stored = tables.known_file(directory, place.file_name);
  // A refresh was faster.
  if (stored && stored->known && stored->known->stamp == stamp) return false;
  if (tables.put_file(directory, row.file, stored) != RowWrite::done) return false;
  if (stored) tables.records().remove_unused_hosts();
  const auto status = options_.file_system->status(row.path, FollowLinks::no);
  return status && status->kind == FileKind::regular && status->stamp == stamp;
}

bool SharedMirror::remove_row(CatalogTables& tables, const SidecarPlace& place,
                              const std::string& path) const {
  const auto status = options_.file_system->status(path, FollowLinks::no);
  if (status || status.error().code != ErrorCode::not_found) return false;
  const std::int64_t directory = tables.find_directory(place.run_dir, place.job);
  if (directory == 0) return false;
  const auto stored = tables.known_file(directory, place.file_name);
  return stored && tables.remove_file(directory, *stored) == RowWrite::done;
}

/// One disk that stalls keeps all processes of a session waiting, several writes long.
void SharedMirror::keep_for_later(Row row) {
  const std::lock_guard lock(late_mutex_);
  if (late_rows_.size() < k_most_late_rows) late_rows_.push_back(std::move(row));
}

void SharedMirror::store_late_rows() {
  std::vector<Row> rows;
  {
    const std::lock_guard lock(late_mutex_);
    rows.swap(late_rows_);
  }
  bool is_stuck = false;
  for (Row& row : rows) {
    is_stuck = is_stuck || transact([&](CatalogTables& tables) { return put_row(tables, row); });
    if (is_stuck) keep_for_later(std::move(row));
  }
}

SharedMirror::Complaint SharedMirror::transact(const Change& change) {
  const std::int64_t deadline_ns = options_.clock->steady_ns() + options_.wait_ms * 1'000'000;
  const std::unique_lock lock = lock_until(mutex_, deadline_ns, *options_.clock);
  if (!lock) return give_up({ErrorCode::busy, "other threads are writing to the catalog"});
  if (is_off_) return std::nullopt;
  std::vector<std::string> warnings;
  const auto done = guarded(options_.location.path, [&]() -> Result<void> {
    if (auto opened = ensure_open(deadline_ns, warnings); !opened) return opened;
    connection_->tables()
        .records()
        .forget_cached_ids();  // another process may have dropped what they name
    ImmediateTransaction transaction(connection_->database());
    if (change(connection_->tables())) transaction.commit();
    return {};
  });
  if (!done) return give_up(done.error());
  return warnings.empty() ? std::nullopt : Complaint(warnings.front());
}

Result<void> SharedMirror::ensure_open(std::int64_t deadline_ns,
                                       std::vector<std::string>& warnings) {
  // Deleted, or put aside by a refresh: what is written to it then, nobody ever reads.
  if (connection_ && connection_->has_moved()) connection_.reset();
  if (!connection_) {
    CatalogOptions catalog{options_.root, options_.location, 0};
    catalog.location.others.clear();
    auto opened = MirrorConnection::open(catalog, *options_.file_system, *options_.clock,
                                         deadline_ns, warnings);
    if (!opened) return fail(std::move(opened.error()));
    connection_ = std::move(*opened);
  }
  connection_->set_deadline_ns(deadline_ns);
  connection_->ensure_log();
  return {};
}

/// A lock that others hold may be free the next time, and a root that is just being removed may
/// come back. All else stays as it is, and would cost every write its time.
SharedMirror::Complaint SharedMirror::give_up(const Error& error) {
  const bool is_passing = error.code == ErrorCode::busy || error.code == ErrorCode::not_found;
  if (!is_passing) {
    is_off_ = true;
    connection_.reset();
  }
  return "can't mirror results into the catalog (" + error.text() +
         "); the next refresh reads them" + (error.hint.empty() ? "" : "; " + error.hint);
}

CatalogMirror::CatalogMirror(SharedMirror& mirror, OnceGate& warned, MessageSink sink)
    : mirror_(mirror), warned_(warned), sink_(std::move(sink)) {}

void CatalogMirror::about_to_remove(std::span<const FileChange> /*files*/) noexcept {}

// What is thrown here is a lack of memory, or comes from the sink: no reason to fail a write.

void CatalogMirror::removed(std::span<const FileChange> files) noexcept {
  try {
    warn(mirror_.remove(files));
  } catch (...) {
  }
}

void CatalogMirror::written(const FileChange& file) noexcept {
  try {
    warn(mirror_.store(file));
  } catch (...) {
  }
}

void CatalogMirror::rewritten(const FileChange& file) noexcept { written(file); }

void CatalogMirror::warn(const SharedMirror::Complaint& complaint) {
  if (complaint && warned_.enter() && sink_) sink_("ktstr-index: " + *complaint);
}

}  // namespace ktstr
