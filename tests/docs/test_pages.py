"""What pages say beside specs and commands: Python, quoted code, targets of make, links, tables of what there is."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from textwrap import dedent

import pytest

from tests.docs.fences import ROOT, Fence, all_fences, fences, pages
from tests.docs.outputs import prepare

KNOWN = ("yaml", "yaml fragment", "console", "pycon", "python", "sh", "text")
DIALOGUES = all_fences("pycon")
QUOTES = [fence for fence in all_fences("python") if fence.file_name is None]
PAGES = {str(page.relative_to(ROOT)): page.read_text() for page in pages()}


def test_pages_and_examples_are_found() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/spec-language.md"} <= PAGES.keys()
    assert DIALOGUES
    assert QUOTES


@pytest.mark.parametrize("page", PAGES)
def test_every_block_says_how_it_is_tested(page: str) -> None:
    assert [fence for fence in fences(PAGES[page], page) if fence.info not in KNOWN] == []
    assert PAGES[page].count("\n```") == 2 * len(fences(PAGES[page], page))


@pytest.mark.parametrize("fence", DIALOGUES, ids=str)
def test_a_dialogue_with_python_goes_as_shown(
    fence: Fence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(tmp_path, fences(PAGES[fence.page], fence.page))
    monkeypatch.chdir(tmp_path)
    dialogue = doctest.DocTestParser().get_doctest(fence.text, {}, str(fence), fence.page, fence.line)
    assert dialogue.examples
    failures, _ = doctest.DocTestRunner().run(dialogue)
    assert failures == 0, capsys.readouterr().out


@pytest.mark.parametrize("fence", QUOTES, ids=str)
def test_quoted_code_is_that_of_its_file(fence: Fence) -> None:
    source = (ROOT / fence.comment.removeprefix("from: ")).read_text()
    assert fence.text in source or dedent(fence.text) in dedent(source)


@pytest.mark.parametrize("page", PAGES)
def test_targets_of_make_exist(page: str) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"(?:^|`)make ([a-z]+)", PAGES[page], re.MULTILINE)
    assert [target for target in named if target not in targets] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", PAGES[page], flags=re.MULTILINE | re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", prose) if not link.startswith("http")]
    assert [link for link in links if not _leads(page, link)] == []


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_are_there(page: str) -> None:
    folders = sorted(path.name for path in (*ROOT.iterdir(), *(ROOT / "tests").iterdir()) if path.is_dir())
    named = re.findall(rf"`((?:{'|'.join(map(re.escape, folders))})/[\w./-]*)`", PAGES[page])
    assert [path for path in named if not (ROOT / path).exists() and not (ROOT / "tests" / path).exists()] == []


def _leads(page: str, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    return target.exists() and (not anchor or anchor in _anchors(target.read_text()))


def _anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", without_code, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the tables under a heading, without their head rows."""
    section = PAGES[page].partition(f"\n{heading}\n")[2]
    section = re.split(r"^#", section, maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    below_head = [line for number, line in enumerate(lines) if not _is_head(lines, number)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in below_head]


def _is_head(lines: list[str], number: int) -> bool:
    return any(line.startswith("|---") for line in lines[number : number + 2])
