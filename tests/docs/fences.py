"""The fenced blocks of a Markdown page, each with its place and the hidden comment right above it.

A page shows what it says in fenced blocks, and the word behind the fence says how the tests hold them:

    yaml            a whole spec, or, with `fragment`, entries of `layers:` or whole sections: analyzed (test_examples)
    console         commands behind `$ `, and the output that they print: run, and compared (test_generated)
    pycon           a dialogue with Python: run, and compared (test_pages)
    python          a part of the file that the comment above names, `<!-- from: PATH -->`, word for word (test_pages);
                    or with `<!-- file: NAME -->`, a plugin, or part of one, that commands find under this name
    sh, text        not run; a target of `make` that a page names must exist (test_pages)

In a comment above a block of YAML or Python, `<!-- file: NAME -->` gives the name under which commands find it, and
`<!-- with … -->` the sections that complete a fragment. What is wrong in a spec is said in its lines, as
`# error: CODE`; where commands show it, `<!-- file: NAME, wrong on purpose -->` is enough.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(
    r"(?:^<!-- (?P<comment>(?:(?!-->).)*?)\s*-->\n)?^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Fence(NamedTuple):
    """A block: ``line`` is that of its first line in the page, ``start`` and ``end`` enclose its text there."""

    page: str
    line: int
    info: str
    text: str
    comment: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file_name(self) -> str | None:
        """The name under which commands find the block."""
        what, _, name = self.comment.removesuffix(", wrong on purpose").partition(": ")
        return name if what == "file" else None


def pages() -> list[Path]:
    """Every page of the repository, the generated ones included."""
    folders = (ROOT, ROOT / "docs", ROOT / "tests", ROOT / "plugins")
    return [page for folder in folders for page in sorted(folder.glob("*.md"))]


def fences(text: str, page: str) -> list[Fence]:
    """The blocks of a page's text, from top to bottom."""
    found = []
    for match in _FENCE.finditer(text):
        start, end = match.span("text")
        line = text.count("\n", 0, start) + 1
        comment = match["comment"] or ""
        found.append(Fence(page, line, match["info"].strip(), match["text"], comment, start, end))
    return found


def all_fences(*infos: str) -> list[Fence]:
    """The blocks of all pages whose word behind the fence is one of ``infos``."""
    every = [fence for page in pages() for fence in fences(page.read_text(), str(page.relative_to(ROOT)))]
    return [fence for fence in every if fence.info in infos]
