// SPDX-License-Identifier: MIT
#include "report/output.hpp"

#include <cerrno>
#include <system_error>

namespace ktstr {

Result<void> FileOutput::write(std::string_view bytes) {
  if (reader_gone_ || bytes.empty()) return {};
  errno = 0;
  if (std::fwrite(bytes.data(), 1, bytes.size(), stream_) == bytes.size()) return {};
  return failed(errno);
}

Result<void> FileOutput::flush() {
  if (reader_gone_) return {};
  errno = 0;
  // The error flag is asked too: a write that failed earlier, elsewhere in the program, leaves
  // nothing to flush, and the output would be short without a word.
  if (std::fflush(stream_) == 0 && std::ferror(stream_) == 0) return {};
  return failed(errno);
}

Result<void> FileOutput::failed(int error_number) {
  if (error_number == EPIPE) {
    reader_gone_ = true;
    return {};
  }
  const int number = error_number == 0 ? EIO : error_number;
  return fail(ErrorCode::io, "cannot write the output: " + std::generic_category().message(number) +
                                 " (os error " + std::to_string(number) + ")");
}

Result<void> StringOutput::write(std::string_view bytes) {
  text_.append(bytes);
  return {};
}

}  // namespace ktstr
