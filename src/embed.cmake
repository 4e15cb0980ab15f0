# SPDX-License-Identifier: MIT
# cmake -DINPUT=file -DOUTPUT=source.cpp -DSYMBOL=name -P embed.cmake
# Writes the file's bytes as `extern const std::string_view ktstr::SYMBOL`. Bytes, not a raw string
# literal: compilers limit the length of those.
file(READ ${INPUT} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
file(WRITE ${OUTPUT} "#include <string_view>
namespace ktstr {
extern const std::string_view ${SYMBOL};
namespace {
constexpr char k_bytes[] = {${bytes}'\\0'};
}
constinit const std::string_view ${SYMBOL}{k_bytes, ${size}};
}  // namespace ktstr
")
