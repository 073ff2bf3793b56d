"""Every spec that a page shows is analyzed; it breaks the rules that it says it breaks, and no other."""

from __future__ import annotations

import pytest

from archanalyzer.spec import parse_spec
from tests.docs.examples import announced, found
from tests.docs.fences import Fence, all_fences
from tests.generated import GENERATED

ALL = [fence for fence in all_fences("yaml", "yaml fragment") if fence.page not in GENERATED]
WRONG = [fence for fence in ALL if fence.comment.endswith("wrong on purpose")]
SPECS = [fence for fence in ALL if fence not in WRONG]
WHOLE = [fence for fence in SPECS if fence.info == "yaml"]


def test_examples_are_found() -> None:
    pages = [fence.page for fence in SPECS]
    assert pages.count("docs/spec-language.md") > 20
    assert pages.count("README.md") > 0
    assert WRONG


@pytest.mark.parametrize("fence", SPECS, ids=str)
def test_what_is_wrong_is_announced(fence: Fence) -> None:
    assert found(fence) == announced(fence)


@pytest.mark.parametrize("fence", WHOLE, ids=str)
def test_a_whole_spec_says_what_it_expects(fence: Fence) -> None:
    assert fence.text.startswith("archspec:")
    assert parse_spec(fence.text).expectations or announced(fence)


@pytest.mark.parametrize("fence", WRONG, ids=str)
def test_what_commands_show_to_be_wrong_is_wrong(fence: Fence) -> None:
    assert found(fence)
    shown = [each for each in all_fences("console") if each.page == fence.page]
    assert any(f"{fence.file_name}:" in each.text for each in shown)
