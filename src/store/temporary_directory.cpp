// SPDX-License-Identifier: MIT
#include "store/temporary_directory.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/file_system.hpp"

namespace ktstr {

Result<TemporaryDirectory> TemporaryDirectory::make(const Variables& variables) {
  std::string parent = variables("TMPDIR").value_or("");
  if (parent.empty()) parent = "/tmp";
  std::string path = parent + "/ktstr-index.XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return fail(os_error(errno, parent));
  return TemporaryDirectory(std::move(path));
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, std::string())) {}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace ktstr
