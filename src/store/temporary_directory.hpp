// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "environment/variables.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// A directory for its owner only, below TMPDIR or /tmp, with what is in it until this dies.
class TemporaryDirectory {
 public:
  [[nodiscard]] static Result<TemporaryDirectory> make(const Variables& variables);
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace ktstr
