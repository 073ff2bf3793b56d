"""Updates of expectations of any form: what is not refused holds afterwards, and an update is only made once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.checking.snapshots import Compared
from archanalyzer.cli.output import NotWritten
from archanalyzer.cli.updating import update_of
from archanalyzer.diagnostics import Diagnostic
from archanalyzer.diagnostics.rules.expectations import EXPECTATION_FAILED, NOT_UPDATED
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.expectations import Held, hold
from archanalyzer.spec import parse_spec

NET = """\
archspec: 1
inputs: {image: [3, 8, 8]}
blocks: {stage: {layers: [conv2d: {filters: 4, kernel: [3, 5], padding: same}, relu]}}
layers: [stage, stage, global_avg_pool, dense: 2]
"""
LEAVES = st.one_of(
    st.booleans(),
    st.integers(-5, 400),
    st.sampled_from(
        [0.5, 1e3, 2.0, "_", "all", "<= 4", "> 4", "1..5", "4 ± 50%", "4k", "5_000", "1/2", "0.1M", "=2 + 2"]
    ),
)
KEYS = st.sampled_from(["size", "stride", "whole", "offset", "image", "at_most", "at_least", "weight", "bias"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=5,
)
FACTS = st.sampled_from(["parameters", "output_shape", "receptive_field", "receptive_field_stride", "weights", "macs"])
SUBJECTS = st.sampled_from(["stage", "dense", "stage/conv2d", "**", "*/", "*/conv2d", "**/relu"])
EXPECTED = st.fixed_dictionaries(
    {
        "totals": st.dictionaries(st.sampled_from(["parameters", "macs", "filters"]), VALUES, max_size=2),
        "layers": st.dictionaries(SUBJECTS, st.dictionaries(FACTS, VALUES, max_size=2), max_size=3),
        "diagnostics": st.dictionaries(
            st.sampled_from(["unused-block", "unseen-positions", "wrong-rank"]),
            st.sampled_from(["none", "some", 1, ">= 1", ["dense"], []]),
            max_size=2,
        ),
    }
)


def held(text: str) -> Held:
    return hold(analyze(parse_spec(text)))


def failing(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    return [each.message.split("`")[1] for each in diagnostics if each.rule is EXPECTATION_FAILED]


@given(EXPECTED, st.booleans(), st.sampled_from([None, "'", '"']))
def test_what_is_not_refused_holds_afterwards(expected: dict[str, Any], flow: bool, quote: str | None) -> None:
    dumped = yaml.safe_dump(expected, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    written = "expect:\n" + "".join(f"  {line}" for line in dumped.splitlines(keepends=True))
    text = NET + (written if quote is None else written.replace("'", quote))
    before = held(text)
    assert before.complete, "the network is sound"
    update = update_of("net.yaml", before, Compared())
    after = held(update.new or text)  # where nothing fails, there is no text to look at
    refused = [each.message.split("`")[1] for each in update.refused]
    assert all(each.rule is NOT_UPDATED for each in update.refused)
    assert sorted(failing(after.diagnostics)) == sorted(refused)
    assert update.updated == len(failing(before.diagnostics)) - len(refused)
    again = update_of("net.yaml", after, Compared())
    assert (again.new == again.old, again.updated) == (True, 0)


def test_most_forms_are_updated() -> None:
    """That the test above does not pass by refusing everything."""
    expected = {
        "totals": {"parameters": 1, "macs": "<= 5"},
        "layers": {"*/conv2d": {"parameters": "1..2"}, "stage": {"output_shape": [1, 2, 3]}},
    }
    update = update_of(
        "net.yaml", held(f"{NET}expect: {yaml.safe_dump(expected, default_flow_style=True)}"), Compared()
    )
    assert (update.updated, update.refused) == (4, ())


def test_a_file_that_has_changed_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    text = f"{NET}expect: {{totals: {{parameters: 1}}}}\n"
    update = update_of(str(path), held(text), Compared())
    path.write_text(f"{text}# more\n")
    with pytest.raises(NotWritten, match="it has changed meanwhile"):
        update.write()
    assert path.read_text() == f"{text}# more\n"
