"""Reports to keep: one fact a line, and how two of them differ."""

from __future__ import annotations

import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.report.snapshot import difference, snapshot, text_difference
from tests import graphs


def test_every_fact_stands_on_a_line_of_its_own() -> None:
    lines = snapshot(graphs.analyzed(graphs.small()).facts).splitlines()
    assert lines[:3] == ['network: "small"', 'dtype: "float32"', 'outputs: ["dense"]']
    for line in (
        "total parameters: 390",  # by hand, in graphs.small
        'layer stage/conv2d inputs: ["image"]',
        "layer stage/conv2d macs: 3888",
        "layer stage/conv2d output_shape: [4, 6, 6]",
        "block stage parameters: 260",
    ):
        assert lines.count(line) == 1
    fields = [line for line in lines if line.startswith("layer stage/conv2d receptive_field: ")]
    assert ['"axis": "height"' in fields[0], '"axis": "width"' in fields[1], len(fields)] == [True, True, 2]


def test_what_is_not_known_is_said() -> None:
    lines = snapshot(graphs.analyzed(graphs.with_mystery()).facts).splitlines()
    assert "total macs: at least 3888" in lines
    assert "layer mystery macs: null" in lines


def test_the_same_reports_differ_in_nothing_whatever_their_line_breaks() -> None:
    assert difference("a: 1\nb: 2\n", "a: 1\nb: 2\n", "s") == ()
    assert difference("a: 1\r\nb: 2\r\n", "a: 1\nb: 2\n", "s") == ()


def test_a_difference_shows_the_lines_around_it() -> None:
    old = "".join(f"fact {number}: 1\n" for number in range(20))
    new = old.replace("fact 3: 1", "fact 3: 2").replace("fact 15: 1\n", "")
    assert difference(old, new, "s") == (
        "--- s",
        "+++ what is found",
        " fact 2: 1",
        "-fact 3: 1",
        "+fact 3: 2",
        " fact 4: 1",
        "…",
        " fact 14: 1",
        "-fact 15: 1",
        " fact 16: 1",
    )


def test_a_long_difference_is_cut() -> None:
    old = "".join(f"fact {number}: 1\n" for number in range(100_000))
    lines = difference(old, old.replace(": 1", ": 2"), "s")
    assert len(lines) == 40
    assert lines[-1] == "… and more"
    assert difference(old, f"{old}more: 1\n", "s")[2:] == (" fact 99999: 1", "+more: 1")


@given(st.lists(st.text("ab", max_size=2), max_size=8), st.lists(st.text("ab", max_size=2), max_size=8))
def test_there_is_a_difference_exactly_where_lines_differ(old: list[str], new: list[str]) -> None:
    lines = difference("".join(f"{line}\n" for line in old), "".join(f"{line}\n" for line in new), "s")
    assert bool(lines) == (old != new)
    assert len([line for line in lines[2:] if line.startswith("-")]) <= len(old)


def test_a_diff_is_one_that_patch_applies(tmp_path: Path) -> None:
    old, new = "a\r\nb\tä\nc", "a\r\nB\tä\nc\nd"
    (tmp_path / "net.yaml").write_bytes(old.encode())
    diff = text_difference(old, new, "net.yaml")
    subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "net.yaml").read_bytes() == new.encode()
