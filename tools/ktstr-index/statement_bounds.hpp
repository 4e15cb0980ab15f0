// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/rows.hpp"
#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// Takes SIGINT and SIGTERM up while it lives, to be asked for between two pieces of work: the one
/// at hand can be finished and committed. Work that isn't finished in time ends with the process,
/// 128 plus the signal's number being its status: all stores are such that the next command goes on
/// from there. A signal that nobody asked for takes effect when this dies. One at a time.
class StopRequest {
 public:
  /// `patience` runs from the signal on.
  explicit StopRequest(std::chrono::milliseconds patience = std::chrono::milliseconds(800));
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;
  ~StopRequest();

  /// Whether somebody wants an end by now.
  [[nodiscard]] bool is_made();
  /// Can be read as soon as somebody does; for those who wait for other things, too. -1 if the
  /// system has none left.
  [[nodiscard]] int descriptor();
  /// The signal's number; 0: none that anybody asked for so far.
  [[nodiscard]] int signal() const { return signal_; }

 private:
  struct sigaction before_interrupt_ {};
  struct sigaction before_terminate_ {};
  struct sigaction before_alarm_ {};
  int signal_ = 0;
  int descriptor_ = -1;
};

/// Makes the rows of a statement.
using MakeRows = std::function<Result<std::unique_ptr<RowSource>>()>;

/// The same rows within bounds, for as long as they live: of memory, and of `timeout_ns` (0: none)
/// of SQLite's own work. The rows' own guard looks at the clock between SQLite's steps; here a
/// signal does, inside a step too, and where a step can't be stopped (one LIKE over one long text
/// may take years), the process ends with the status of what could not be done. One at a time; the
/// connection has to outlive them.
[[nodiscard]] Result<std::unique_ptr<RowSource>> make_bounded(SQLite::Database& database,
                                                              std::int64_t timeout_ns,
                                                              const MakeRows& make);

}  // namespace ktstr
