"""No page is stale: neither those written from the code nor the outputs that the others show."""

from __future__ import annotations

import pytest

from archanalyzer import ops
from archanalyzer.cli import commands
from archanalyzer.diagnostics.rules import all_rules
from tests import generated
from tests.docs.fences import ROOT, all_fences

CONTENTS = generated.contents()


@pytest.mark.parametrize("page", CONTENTS)
def test_a_page_is_up_to_date(page: str) -> None:
    assert (ROOT / page).read_text() == CONTENTS[page], "`make docs` writes it anew"


def test_everything_has_its_heading() -> None:
    assert [f"### {name}" for name in ops.names() if name != "input"] == _headings("docs/layers.md", "### ")
    assert [f"### {code}" for code in all_rules()] == _headings("docs/rules.md", "### ")
    names = commands.list_commands(None)  # type: ignore[arg-type]
    assert [f"## archanalyzer {name}" for name in names] == _headings("docs/cli.md", "## ")[1:]


def _headings(page: str, mark: str) -> list[str]:
    return [line for line in CONTENTS[page].splitlines() if line.startswith(mark)]


def test_outputs_are_found() -> None:
    assert len([fence for fence in all_fences("console") if fence.page == "README.md"]) > 1
