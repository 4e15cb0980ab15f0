// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "catalog/mirror.hpp"
#include "ktstr/writer.hpp"

namespace ktstr {

/// The catalog's mirror for one call of a writing function: of the runs root and the catalog that
/// the options' variables name, shared with all other calls of this process that mean the same two.
class Mirroring {
 public:
  /// Throws what the variables throw.
  explicit Mirroring(const WriterOptions& options);

  /// Null if the options want none. Valid as long as this object.
  [[nodiscard]] ChangeObserver* observer() { return mirror_ ? &*mirror_ : nullptr; }

 private:
  std::optional<CatalogMirror> mirror_;
};

}  // namespace ktstr
