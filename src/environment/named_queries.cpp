// SPDX-License-Identifier: MIT
#include "environment/named_queries.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "environment/json_cursor.hpp"
#include "environment/places.hpp"

namespace ktstr {
namespace {

constexpr std::uint64_t k_largest_file_bytes = 1 << 20;
constexpr const char* k_repository_file = ".ktstr-index.json";

/// Reads the shape in named_queries.hpp; a function that says false has left the problem in the
/// cursor.
class Reader {
 public:
  explicit Reader(std::string_view json) : cursor_(json) {}

  Result<std::vector<NamedQuery>> run() {
    const bool read = read_object([this](const std::string& key) {
      if (key != "queries") return cursor_.pass_over(JsonCursor::Care::ignored);
      return read_object([this](const std::string& name) { return read_query(name); });
    });
    if (!read || !cursor_.read_end()) return fail(ErrorCode::parse, cursor_.problem().why);
    return std::move(queries_);
  }

 private:
  template <typename ReadValue>
  bool read_object(ReadValue read_value) {
    if (cursor_.look() != '{') return cursor_.refuse_value("an object");
    cursor_.skip();
    bool is_first = true;
    while (true) {
      std::optional<std::string> key;
      if (!cursor_.read_key(is_first, key)) return false;
      if (!key) return true;
      if (!cursor_.read_colon() || !read_value(*key)) return false;
    }
  }

  bool read_query(const std::string& name) {
    NamedQuery query{name, {}, {}};
    const auto first = cursor_.look();
    if (first == '"') {
      query.arguments.emplace_back();
      if (!cursor_.read_string(query.arguments.back())) return false;
      // It is an expression even if it begins with a minus.
      query.arguments.insert(query.arguments.begin(), "--");
    } else if (first != '[') {
      return cursor_.refuse_value("an expression or a list of arguments");
    } else if (!read_arguments(query.arguments)) {
      return false;
    }
    queries_.push_back(std::move(query));
    return true;
  }

  bool read_arguments(std::vector<std::string>& arguments) {
    cursor_.skip();
    bool is_first = true;
    while (true) {
      bool is_there = false;
      if (!cursor_.read_element(is_first, is_there)) return false;
      if (!is_there) return true;
      if (cursor_.look() != '"') return cursor_.refuse_value("a string");
      if (!cursor_.read_string(arguments.emplace_back())) return false;
    }
  }

  JsonCursor cursor_;
  std::vector<NamedQuery> queries_;
};

Result<std::vector<NamedQuery>> read_file(const std::string& path, FileSystem& files) {
  const auto file = files.open_file(path);
  if (!file && file.error().code == ErrorCode::not_found) return std::vector<NamedQuery>();
  if (!file) return fail(file.error());
  const auto text = (*file)->read_all(k_largest_file_bytes);
  if (!text) return fail(text.error());
  auto queries = parse_named_queries(*text);
  if (!queries) {
    queries.error().path = path;
    return queries;
  }
  for (NamedQuery& query : *queries) query.from = path;
  return queries;
}

/// Nothing if the repository has none. What stands above the repository is somebody else's, and
/// so is what stands above the working directory where there is no repository.
std::optional<std::string> repository_file(const std::string& working_directory,
                                           FileSystem& files) {
  std::optional<std::string> nearest;
  std::string directory = working_directory;
  while (true) {
    std::string path = join_path(directory, k_repository_file);
    const bool is_there = files.status(path, FollowLinks::yes).has_value();
    if (!nearest && is_there) nearest = std::move(path);
    if (files.status(join_path(directory, ".git"), FollowLinks::yes)) return nearest;
    const std::size_t slash = directory.rfind('/');
    if (slash == std::string::npos || directory == "/") break;
    directory.resize(std::max<std::size_t>(slash, 1));
  }
  std::string own = join_path(working_directory, k_repository_file);
  return nearest == own ? nearest : std::nullopt;
}

std::optional<std::string> user_file(const Variables& variables) {
  const auto named = variables("XDG_CONFIG_HOME");
  if (named && !named->empty()) return join_path(*named, "ktstr-index/config.json");
  const auto home = variables("HOME");
  if (!home || home->empty()) return std::nullopt;
  return join_path(*home, ".config/ktstr-index/config.json");
}

}  // namespace

Result<std::vector<NamedQuery>> parse_named_queries(std::string_view json) {
  if (!is_valid_utf8(json)) return fail(ErrorCode::parse, "not UTF-8");
  return Reader(json).run();
}

Result<std::vector<NamedQuery>> named_queries(const Variables& variables,
                                              const std::string& working_directory,
                                              FileSystem& files) {
  std::vector<NamedQuery> all;
  for (const auto& path : {user_file(variables), repository_file(working_directory, files)}) {
    if (!path) continue;
    auto queries = read_file(*path, files);
    if (!queries) return queries;
    for (NamedQuery& query : *queries) {
      const bool is_known = std::any_of(all.begin(), all.end(), [&](const NamedQuery& known) {
        return known.name == query.name;
      });
      if (!is_known) all.push_back(std::move(query));
    }
  }
  return all;
}

}  // namespace ktstr
