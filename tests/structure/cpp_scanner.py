# SPDX-License-Identifier: MIT
"""Reads C++ as far as it takes to say what stands in a file's namespaces: no preprocessor, no
templates' meaning, no look into bodies. Enough for sources in this project's style."""

import re
from typing import NamedTuple

TOKEN = re.compile(r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<text>(?:u8|[uUL])?R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')
  | (?P<word>[A-Za-z_]\w*|\d(?:'?[\w.])*)
  | (?P<sign>::|->|\[\[|\]\]|.)
""", re.VERBOSE | re.MULTILINE | re.DOTALL)
CLOSING = {"(": ")", "[": "]", "[[": "]]", "{": "}"}
TYPE_WORDS = {"class", "struct", "union", "enum"}
# What is called by name from outside: a program has one, the project several.
ENTRY_POINTS = {"main", "LLVMFuzzerTestOneInput"}
NOT_A_NAME = {"const", "constexpr", "typename", "unsigned", "signed", "long", "short", "struct"}
ANONYMOUS = "(anonymous)"


class Token(NamedTuple):
    text: str
    line: int


class Definition(NamedTuple):
    key: tuple  # what may be there once
    shown: str
    file: str
    line: int


def tokens_of(text):
    line, result = 1, []
    for match in TOKEN.finditer(text):
        if match.lastgroup != "skip":
            result.append(Token(match[0], line))
        line += match[0].count("\n")
    return result


def after_group(tokens, start):
    """The index behind the bracket that closes the one at `start`."""
    opening, depth = tokens[start].text, 0
    for index in range(start, len(tokens)):
        if tokens[index].text == opening:
            depth += 1
        elif tokens[index].text == CLOSING[opening]:
            depth -= 1
            if depth == 0:
                return index + 1
    return len(tokens)


def after_angles(words, start):
    """The index behind the > that closes the < at `start`."""
    depth = 0
    for index in range(start, len(words)):
        depth += {"<": 1, ">": -1}.get(words[index], 0)
        if depth == 0:
            return index + 1
    return len(words)


def without_attributes(tokens):
    result, index = [], 0
    while index < len(tokens):
        if tokens[index].text == "[[":
            index = after_group(tokens, index)
        else:
            result.append(tokens[index])
            index += 1
    return result


def split_template(words):
    """The template header, if there is one, and the rest."""
    start = 0
    while words[start:start + 2] == ["template", "<"]:
        start = after_angles(words, start + 1)
    return words[:start], words[start:]


def parameter_type(words):
    """A parameter without its default and its name."""
    if "=" in words:
        words = words[:words.index("=")]
    named = len(words) > 1 and words[-1][0].isidentifier() and words[-2] != "::" \
        and words[-2] not in NOT_A_NAME
    return " ".join(words[:-1] if named else words)


def parameter_types(words):
    """Of what is between a function's parentheses."""
    parts, depth = [[]], 0
    for word in words:
        depth += {"<": 1, "(": 1, "{": 1, ">": -1, ")": -1, "}": -1}.get(word, 0)
        if word == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(word)
    return [parameter_type(part) for part in parts if part]


def namespace_names(words):
    """Of "a::b"; behind it may stand a macro for visibility."""
    names = words[:1]
    while words[len(names) * 2 - 1:][:1] == ["::"]:
        names.append(words[len(names) * 2])
    return tuple(names) or (ANONYMOUS,)


def type_defined(words):
    """The name of the class or enumeration whose body follows these words; None if there is none."""
    index = 0
    while index < len(words) and words[index] in TYPE_WORDS:
        index += 1
    if index == 0 or index == len(words):
        return None
    end = index + 1
    while end < len(words) and words[end] == "::":
        end += 2
    name = "".join(words[index:end])
    if end < len(words) and words[end] == "<":
        behind = after_angles(words, end)
        name += "".join(words[end:behind])
        end = behind
    return name if end == len(words) or words[end] in {":", "final"} else None


def parenthesis(words):
    """The index of the one that opens a function's parameters; None if this is no function."""
    for index, word in enumerate(words):
        if word == "=" and "operator" not in words[:index]:
            return None
        if word == "(" and index > 0 and words[index - 1] not in {"requires", "noexcept", "&&", "||"} \
                and words[index + 1:index + 3] != [")", "("]:
            return index
    return None


def function_key(template, words):
    """What tells a free function from others; None for a member's definition."""
    start = parenthesis(words)
    if start is None:
        return None
    begin = start - 1
    if "operator" in words[:start]:
        begin = words.index("operator")
    if begin > 0 and words[begin - 1] == "::":
        return None
    end = after_group([Token(word, 0) for word in words], start)
    requirement = words[:begin] if "requires" in words[:begin] else []
    types = parameter_types(words[start + 1:end - 1])
    return "".join(words[begin:start]), tuple(types), " ".join(template + requirement)


def variable_defined(words):
    for index, word in enumerate(words):
        if word in {"=", "{", "["}:
            words = words[:index]
            break
    return words[-1] if len(words) > 1 and words[-1].isidentifier() and "::" != words[-2] else None


class Scanner:
    """Collects what a file defines, and which functions it only declares, in its namespaces."""

    def __init__(self, name, text):
        self.name = name
        self.tokens = tokens_of(text)
        self.found = []  # Definition
        self.declared = []  # qualified names
        self.index = 0

    def add(self, namespace, key, shown, line):
        is_entry = not namespace and key[0] in ENTRY_POINTS
        if ANONYMOUS not in namespace and not is_entry:
            where = "::".join(namespace)
            self.found.append(Definition((where, *key), f"{where}::{shown}", self.name, line))

    def scan(self, namespace=()):
        """One namespace's content, up to its closing brace."""
        statement = []
        while self.index < len(self.tokens):
            token = self.tokens[self.index]
            if token.text == "}" and not statement:
                self.index += 1
                return
            if token.text == ";":
                self.end_statement(namespace, statement, has_body=False)
                statement = []
                self.index += 1
            elif token.text == "{":
                statement = self.open_brace(namespace, statement)
            elif token.text in CLOSING:
                behind = after_group(self.tokens, self.index)
                statement += self.tokens[self.index:behind]
                self.index = behind
            else:
                statement.append(token)
                self.index += 1

    def open_brace(self, namespace, statement):
        """What is left of the statement behind the brace's end."""
        words = [token.text for token in without_attributes(statement)]
        if words[:1] == ["namespace"] or words[:2] == ["inline", "namespace"]:
            self.index += 1
            self.scan(namespace + namespace_names(words[words.index("namespace") + 1:]))
            return []
        if words[:1] == ["extern"] and len(words) == 2:
            self.index += 1
            self.scan(namespace)
            return []
        template, rest = split_template(words)
        behind = after_group(self.tokens, self.index)
        is_type = type_defined(rest) is not None
        is_initializer = not is_type and (parenthesis(rest) is None or (
            ":" in rest[parenthesis(rest):] and rest[-1] not in {")", "}"}))
        if is_initializer:
            statement = statement + self.tokens[self.index:behind]
            self.index = behind
            return statement
        self.index = behind
        self.end_statement(namespace, statement, has_body=True)
        if is_type:  # its semicolon follows
            return [Token("struct", 0)]
        return []

    def end_statement(self, namespace, statement, has_body):
        statement = without_attributes(statement)
        if not statement:
            return
        line = statement[0].line
        template, words = split_template([token.text for token in statement])
        if has_body and (name := type_defined(words)):
            self.add(namespace, (name,), name, line)
        elif words[:1] == ["using"] and "=" in words:
            self.add(namespace, (words[1],), words[1], line)
        elif words[:1] == ["concept"]:
            self.add(namespace, (words[1],), words[1], line)
        elif has_body and (key := function_key(template, words)):
            self.add(namespace, key, f"{key[0]}({', '.join(key[1])})", line)
        elif not has_body and words[0] not in {"extern", "using", "friend", "typedef", "namespace",
                                               "static_assert"}:
            self.end_variable(namespace, words, line)

    def end_variable(self, namespace, words, line):
        start = parenthesis(words)
        if start is not None:
            self.declared.append("::".join((*namespace, words[start - 1])))
        if start is not None or words[0] in TYPE_WORDS:
            return  # a declaration
        name = variable_defined(words)
        if name:
            self.add(namespace, (name,), name, line)


def scan(name, text):
    scanner = Scanner(name, text)
    scanner.scan()
    return scanner
