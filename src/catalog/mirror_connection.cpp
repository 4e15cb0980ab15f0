// SPDX-License-Identifier: MIT
#include "catalog/mirror_connection.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

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

bool MirrorConnection::has_moved() {
  int moved = 0;
  const int status =
      sqlite3_file_control(catalog_.database().getHandle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return status == SQLITE_OK && moved != 0;
}

}  // namespace ktstr
