// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "base/file_system.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// Owns a file descriptor and closes it when it dies; -1 is none. Not thread-safe.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  /// Gives the number away; the caller closes it.
  [[nodiscard]] int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

/// write(2) until all is written. 0, else an errno. Thread-safe.
[[nodiscard]] int write_whole(int descriptor, std::string_view bytes);

}  // namespace ktstr

// The one way to open a file or a directory. What stands under a name may have been put there by a
// stranger: a FIFO that nobody writes to, a device, a link to somebody's data. So nothing here ever
// waits, nothing becomes the process's terminal, and whoever asks for a file of ours gets a regular
// file that is no link, or an error that says what is there instead. Thread-safe.

namespace ktstr::posix {

/// A name and the open directory that it is relative to.
struct Location {
  int directory;           ///< a descriptor, or AT_FDCWD
  std::string name;        ///< what the system is asked for
  std::string shown_path;  ///< what an error names
};
[[nodiscard]] Location at_path(std::string path);
/// In an open directory whose path is `directory_path`.
[[nodiscard]] Location inside(const Descriptor& directory, const std::string& directory_path,
                              const std::string& name);

inline constexpr mode_t k_new_file_mode = 0666;

/// Whatever it is; a link is followed unless the flags say O_NOFOLLOW. O_CLOEXEC, O_NOCTTY and
/// O_NONBLOCK are added. The error is an errno.
[[nodiscard]] tl::expected<Descriptor, int> try_open_at(const Location& location, int flags,
                                                        mode_t mode = k_new_file_mode);
[[nodiscard]] Result<Descriptor> open_at(const Location& location, int flags,
                                         mode_t mode = k_new_file_mode);

/// A regular file; the error says what else is there ("a FIFO, not a regular file"). Links as
/// above: what the user has named is his, and may be a link.
[[nodiscard]] Result<Descriptor> open_regular_at(const Location& location, int flags,
                                                 mode_t mode = k_new_file_mode);
/// A regular file that is no link: for what this program or the harness makes below a runs root.
[[nodiscard]] Result<Descriptor> open_own_file_at(const Location& location, int flags,
                                                  mode_t mode = k_new_file_mode);

inline constexpr mode_t k_new_directory_mode = 0777;
enum class Missing { is_an_error, is_made };
/// A directory that is no link. An error says what else is there; not_found: nothing.
[[nodiscard]] Result<Descriptor> open_own_directory_at(const Location& location, Missing missing,
                                                       mode_t mode = k_new_directory_mode);
/// `names`, one below the other, below `top`, which is the user's: links on the way to it are his.
/// `top` itself is never made, and what is made is as open as it is.
[[nodiscard]] Result<Descriptor> open_own_directories(const std::string& top,
                                                      std::initializer_list<const char*> names,
                                                      Missing missing);

inline constexpr const char* k_regular_kind = "a regular file";
/// This, "a FIFO" and so on, of the name itself unless links are followed; "" if there is nothing.
[[nodiscard]] std::string kind_at(const Location& location, FollowLinks follow = FollowLinks::no);

/// Whether two paths lead to one thing, links followed.
[[nodiscard]] bool is_same_file(const std::string& left, const std::string& right);

/// What is open already, as file_system.hpp has it; `path` is for errors.
[[nodiscard]] std::unique_ptr<FileHandle> file_handle(Descriptor file, std::string path);
[[nodiscard]] std::unique_ptr<DirectoryHandle> directory_handle(Descriptor directory,
                                                                std::string path);
/// Times that don't fit are the nearest that do.
[[nodiscard]] Stamp stamp_of(const struct stat& raw);
[[nodiscard]] Result<FileStatus> status_of(const Descriptor& opened, const std::string& path);
/// Another number for the same open thing.
[[nodiscard]] Result<Descriptor> duplicate(const Descriptor& opened, const std::string& path);

}  // namespace ktstr::posix
