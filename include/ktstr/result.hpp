// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// What kind of failure an Error is. The command maps these to its exit status.
enum class ErrorCode {
  usage,          ///< the caller asked for something that can't be (bad flag, expression, name)
  not_found,      ///< a file, directory or result that was asked for isn't there
  permission,     ///< the operating system refused access
  io,             ///< any other failure of a file operation
  parse,          ///< bytes that should have been a document aren't one
  corrupt,        ///< a store of ours is damaged or isn't ours
  newer_version,  ///< a store was written by a newer program
  busy,           ///< a lock, descriptors or memory were not to be had just now
  timeout,        ///< a limit that the caller set ran out
  interrupted,    ///< a signal asked us to stop
};

/// A failure as a value. No exception crosses a public header of this library.
struct Error {
  ErrorCode code = ErrorCode::io;
  std::string message;    ///< one sentence, without the path
  std::string path = {};  ///< the file or directory concerned, if any
  std::string hint = {};  ///< what the reader can do about it, if anything

  /// "path: message" or just the message; the hint is not included.
  [[nodiscard]] std::string text() const { return path.empty() ? message : path + ": " + message; }
  /// The same with the hint on lines of its own.
  [[nodiscard]] std::string text_with_hint() const {
    return hint.empty() ? text() : text() + "\n" + hint;
  }
};

/// A T, or the Error that kept us from having one.
template <typename T>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorCode::io, "...")` from a function that returns a Result.
inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string path = {},
                                  std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(path), std::move(hint)});
}

/// Hands an error on from one Result type to another.
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

/// Takes one line for a person, without a newline.
using MessageSink = std::function<void(std::string_view line)>;

/// Opens for the first who asks and for nobody after. Thread-safe.
class OnceGate {
 public:
  [[nodiscard]] bool enter() { return !entered_.test_and_set(); }

 private:
  std::atomic_flag entered_;
};

/// A OnceGate for each key. Thread-safe.
class OncePerKey {
 public:
  [[nodiscard]] bool enter(const std::string& key) {
    const std::lock_guard lock(mutex_);
    return entered_.insert(key).second;
  }

 private:
  std::mutex mutex_;
  std::set<std::string> entered_;
};

}  // namespace ktstr
#pragma GCC visibility pop
