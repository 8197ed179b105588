#!/usr/bin/env python3
"""Reads the tree and reports what the style forbids and no compiler sees (CONTRIBUTING.md, "Style").

    tests/tidy/tidy.py [ROOT]        every rule over every file; exit code 1 if there is anything to say

A rule is a function of one file (Rule.check), or of the whole tree (TREE_RULES). tidy_test.py feeds each of them with
accepted and rejected rows.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Callable, Iterator, NamedTuple


class Complaint(NamedTuple):
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


class File(NamedTuple):
    path: PurePosixPath
    size: int
    lines: list  # of text; empty for binary files

    @property
    def folder(self):
        return self.path.parts[0] if len(self.path.parts) > 1 else ""

    @property
    def is_cpp(self):
        return self.path.suffix in (".cpp", ".hpp")

    @property
    def is_test(self):
        return self.path.stem.endswith("_test") or self.folder == "tests"


@dataclass
class Rule:
    name: str
    applies: Callable[[File], bool]
    check: Callable[[File], Iterator[tuple]]  # of (line number, text)


def grep(pattern, text):
    """A check: each line that the pattern matches is a complaint."""
    compiled = re.compile(pattern)

    def check(file):
        for number, line in enumerate(file.lines, 1):
            found = compiled.search(line)
            if found:
                yield number, f"{text}: {found.group(0).strip()}"

    return check


# --- rules of one file -------------------------------------------------------------------------------------------------

INCLUDE_INTERNAL = re.compile(r'^\s*#\s*include\s*"([a-z_0-9]+)/(?:.*/)?internal/')


def internal_include(file):
    for number, line in enumerate(file.lines, 1):
        found = INCLUDE_INTERNAL.match(line)
        # A noun's own bench may measure its parts.
        if found and (file.path.parts[:2] != ("src", found.group(1))
                      and file.path.as_posix() != f"bench/{found.group(1)}_bench.cpp"):
            yield number, f"internal headers of {found.group(1)} are for src/{found.group(1)} only"


def pragma_once(file):
    if not any(line.strip() == "#pragma once" for line in file.lines):
        yield 1, "the header has no #pragma once"


def strict_bash(file):
    if not any(line.strip() == "set -euo pipefail" for line in file.lines[:40]):
        yield 1, "a bash script begins with set -euo pipefail"


HAND_WRITTEN = {".cpp", ".hpp", ".py", ".md", ".js", ".css", ".html", ".cmake", ".go", ".sh", ".txt", ""}
SIZE_MAX = 40 * 1024


def too_big(file):
    generated = any("generated" in line.lower() for line in file.lines[:8])
    if file.size > SIZE_MAX and not generated:
        yield 1, f"{file.size} bytes; nothing written by hand is above {SIZE_MAX}: one idea, one file"


BANNED_FOLDERS = {"util", "utils", "common", "helper", "helpers", "misc"}


def banned_folder(file):
    for part in file.path.parts[:-1]:
        if part in BANNED_FOLDERS:
            yield 1, f"a folder named {part} is a design question left unanswered"


# Printing is the job of apps and report; assert.cpp has nobody else left to tell.
def prints_are_debugging(file):
    return (file.is_cpp and file.folder == "src" and file.path.parts[1] != "report" and not file.is_test
            and file.path.as_posix() != "src/base/assert.cpp")


DEBUG_PRINT = r"\bstd::(?:cout|cerr|clog)\b|(?<![\w.>])(?:std::)?(?:f?printf|puts|fputs|vf?printf)\s*\(|\bfmt::print\b"
SLEEP = (r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w.])sleep\s*\(|\btime\.sleep\b|\btime\.Sleep\b"
         r"|^\s*sleep [0-9.]+")
LEFT_OPEN = r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b(?!\s*\(#\d+\))"
REGISTRY = (r"\b(?:deb|security|ftp)\.debian\.org|registry\.npmjs|(?:proxy|sum)\.golang\.org|\bpypi\.org"
            r"|pythonhosted\.org|(?:index|static)\.crates\.io|\bcrates\.io/|repo\d?\.maven\.(?:apache\.)?org")
MACHINE_PATH = r"(?<![\w.$}-])/(?:work|root|farm)/"
BANNED_TYPE = r"^\s*(?:class|struct)\s+\w*(?:Manager|Helper|Util|Utils|Processor|Wrapper|Impl)\b(?!\s*;)"


def anywhere(file):
    return bool(file.lines) and file.path.parts[:2] != ("tests", "tidy")


RULES = [
    Rule("internal-include", lambda f: f.is_cpp, internal_include),
    Rule("pragma-once", lambda f: f.path.suffix == ".hpp", pragma_once),
    Rule("using-namespace", lambda f: f.path.suffix == ".hpp",
         grep(r"^\s*using\s+namespace\b.*", "a header opens a namespace for everybody")),
    Rule("debug-print", prints_are_debugging, grep(DEBUG_PRINT, "only apps and report print")),
    Rule("sleep", lambda f: f.is_test and anywhere(f), grep(SLEEP, "a test waits for events, never for time")),
    Rule("disabled-test", lambda f: f.is_test and f.is_cpp, grep(r"\bDISABLED_\w+", "a test that never runs")),
    Rule("left-open", anywhere, grep(LEFT_OPEN, "needs an issue number, as in (#12)")),
    Rule("registry-host", anywhere, grep(REGISTRY, "package clients know their registries; nobody else names them")),
    Rule("machine-path", anywhere, grep(MACHINE_PATH, "a path of one machine")),
    Rule("type-name", lambda f: f.is_cpp, grep(BANNED_TYPE, "say what it is or what it does")),
    Rule("too-big", lambda f: bool(f.lines) and f.path.suffix in HAND_WRITTEN and f.path.name not in ("LICENSE", "go.sum")
         and f.folder != "content" and f.path.parts[:2] not in (("tests", "golden"), ("fuzz", "seeds")), too_big),
    Rule("folder-name", lambda f: True, banned_folder),
    Rule("strict-bash", lambda f: bool(f.lines) and f.lines[0].startswith("#!") and "bash" in f.lines[0], strict_bash),
]


# --- rules of the tree -------------------------------------------------------------------------------------------------


def plain(text):
    """Letters and digits only: host_namespaces, kHostNamespaces and HostNamespaces compare equal."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def unlisted_checks(files):
    """Every src/<noun>/checks/<check>.cpp is named in the all.cpp beside it."""
    lists = {f.path.parent: plain("".join(f.lines)) for f in files if f.path.name == "all.cpp"}
    for file in files:
        folder = file.path.parent
        if folder.name != "checks" or file.path.suffix != ".cpp" or file.path.name == "all.cpp" or file.is_test:
            continue
        if folder not in lists:
            yield Complaint(str(file.path), 1, "unlisted-check", f"{folder}/all.cpp, the list of the checks, is missing")
        elif plain(file.path.stem) not in lists[folder]:
            yield Complaint(str(file.path), 1, "unlisted-check", f"not listed in {folder}/all.cpp: the check never runs")


LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")


def outside_code(lines):
    """(number, line) of Markdown text, without fenced blocks and `code`."""
    fenced = False
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced:
            yield number, re.sub(r"`[^`]*`", "", line)


def anchors(file):
    """The anchors that a Markdown page's headings get."""
    found = set()
    for _, line in outside_code([re.sub("`", "", line) for line in file.lines]):
        if re.match(r"#{1,6} ", line):
            title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line.lstrip("#").strip().lower())
            found.add(re.sub(r"[^\w\- ]", "", title).replace(" ", "-"))
    return found


def dead_links(files):
    """A relative link of a Markdown page names a file or folder of the tree, and a heading that is there."""
    pages = {f.path.as_posix(): f for f in files}
    folders = {parent.as_posix() for f in files for parent in f.path.parents}
    for file in files:
        if file.path.suffix != ".md":
            continue
        for number, line in outside_code(file.lines):
            for target in LINK.findall(line):
                if re.match(r"[a-z][a-z0-9+.-]*:", target):
                    continue
                name, _, anchor = target.partition("#")
                path = os.path.normpath(file.path.parent / name) if name else file.path.as_posix()
                if path not in pages and path not in folders:
                    yield Complaint(str(file.path), number, "dead-link", f"{target}: no such file")
                elif anchor and path.endswith(".md") and anchor not in anchors(pages[path]):
                    yield Complaint(str(file.path), number, "dead-link", f"{target}: no such heading")


TREE_RULES = [unlisted_checks, dead_links]


# --- the tree ----------------------------------------------------------------------------------------------------------


def paths_of(root):
    """Files that are or would be committed; without git every file outside of build folders."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return sorted({name for name in listed.stdout.decode().split("\0") if name and (root / name).is_file()})
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in ("build", ".git", "node_modules", "__pycache__")]
        found += [Path(folder, name).relative_to(root).as_posix() for name in names]
    return sorted(found)


def read(root, name):
    data = (root / name).read_bytes()
    lines = [] if b"\0" in data[:8000] else data.decode("utf-8", "replace").splitlines()
    return File(PurePosixPath(name), len(data), lines)


def complaints(files):
    for file in files:
        for rule in RULES:
            if rule.applies(file):
                for line, text in rule.check(file):
                    yield Complaint(str(file.path), line, rule.name, text)
    for tree_rule in TREE_RULES:
        yield from tree_rule(files)


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
    files = [read(root, name) for name in paths_of(root)]
    found = list(complaints(files))
    for complaint in found:
        print(complaint)
    print(f"tidy: {len(files)} files, {len(RULES) + len(TREE_RULES)} rules, {len(found)} complaints")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
