#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A name is defined once in a namespace.

Two different types of one name in one namespace are undefined behaviour as soon as both are linked
into one program, and no compiler sees it: each file has one of them only. So a name may not stand
for two types, constants or functions even if no file includes both. Overloads, specialisations and
what is in an anonymous namespace or a function are free.
"""

import cpp_scanner
import sources


def check(root):
    by_key = {}
    for name in sources.cpp_files(root, "include", "src", "tools", "tests"):
        scanner = cpp_scanner.scan(name, (root / name).read_text(encoding="utf-8"))
        for definition in scanner.found:
            by_key.setdefault(definition.key, []).append(definition)
    found = []
    for definitions in by_key.values():
        first, *others = definitions
        found += [f"{other.file}:{other.line}: {other.shown} is defined in "
                  f"{first.file}:{first.line}, too" for other in others]
    return found


GOOD = {
    "include/ktstr/record.hpp": """
#define NAMESPACE_SCOPE struct Twice {
namespace ktstr KTSTR_EXPORT {
struct Record { struct Part { int n = 0; }; };  // struct Record {
struct Waiting;
enum class Verdict { pass };
inline constexpr int k_limit = 3;
extern const int k_later;
[[nodiscard]] int size_of(const Record& record);
template <typename T> struct Fields;
template <> struct Fields<Record> { static constexpr int k_table[] = {1, 2}; };
}
""",
    "src/record/record.cpp": """
namespace ktstr {
namespace {
struct Helper { const char* text = "struct Record {"; };
constexpr const char* k_raw = R"(} struct Record {)";
int size_of(int number) { return number; }
}
const int k_later = 4;
int size_of(const Record& record) { struct Local {}; return size_of(1); }
int size_of(const Verdict& verdict = Verdict{}) { return '{'; }
template <typename T> requires std::is_enum_v<T> int size_of(const T& value) { return 0; }
Record::Record(int n) : part_{n}, list_{{1}, {2}} { return; }
}
""",
    "src/store/walk.cpp": """
namespace ktstr {
struct Waiting { int n; } ;
namespace { struct Helper {}; enum { one, two }; }
}
namespace ktstr::store { struct Record {}; using Verdict = int; int size_of(const Record&) {} }
extern "C" { int main() { return 0; } }
""",
    "tools/sample-pool/main.cpp": "int main() { return 0; }\\n",
}
VIOLATIONS = {
    "a second struct": {"src/base/bad.hpp": "namespace ktstr { struct Record final : Base {}; }"},
    "a struct and an enumeration": {"src/base/bad.cpp":
                                    "namespace ktstr {\nenum class Record : int { one };\n}"},
    "a struct and an alias": {"src/base/bad.cpp": "namespace ktstr { using Record = int; }"},
    "a class in a nested namespace": {"tools/bad.hpp":
                                      "namespace ktstr {\nnamespace store {\nclass Record {}; } }"},
    "a second specialisation": {"src/base/bad.hpp": "namespace ktstr {\n"
                                "template <> struct Fields<Record> {}; }"},
    "a template beside a struct": {"tests/support/bad.hpp": "namespace ktstr {\n"
                                   "template <typename T, typename U = std::vector<T>>\n"
                                   "class Record { T value; }; }"},
    "a second constant": {"src/base/bad.hpp":
                          "namespace ktstr { inline constexpr int k_limit{4}; }"},
    "a constant of another type": {"src/base/bad.hpp":
                                   "namespace ktstr { constexpr char k_limit[] = {'a', 'b'}; }"},
    "a second function": {"src/base/bad.hpp": "namespace ktstr {\n[[nodiscard]] inline int\n"
                          "size_of(const Record& other = Record{}) noexcept { return 2; } }"},
    "a second constrained template": {"src/base/bad.hpp": "namespace ktstr { template <typename T>\n"
                                      "requires std::is_enum_v<T>\n"
                                      "int size_of(const T& other) { return 1; } }"},
    "after a constructor with braces": {"src/base/bad.cpp": "namespace ktstr {\n"
                                        "Thing::Thing() : a_{1}, b_{2} {}\nstruct Record {}; }"},
}

if __name__ == "__main__":
    sources.run(check, GOOD, VIOLATIONS)
