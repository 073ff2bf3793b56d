"""The file that a snapshot is compared with: where it may lie, and what it does not depend on."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from archanalyzer.checking.checked import check
from archanalyzer.checking.snapshots import Compared
from archanalyzer.graph import Graph
from archanalyzer.passes.analysis import Column, Kind, Rollup, Total, analysis
from archanalyzer.plugins import Plugin
from archanalyzer.plugins.admitting import admitted

NET = "archspec: 1\ninputs: {x: [4]}\nlayers:\n  - dense: 2\nexpect: {snapshot: net.snapshot.txt}\n"


class Places(NamedTuple):
    by_layer: tuple[int, ...]

    def last(self) -> int:
        return self.by_layer[-1]


@analysis(
    "places",
    columns=[Column("place", "place", "Where it stands.", lambda found: found.by_layer, Kind.COUNT, Rollup.OUTPUT)],
    totals=[Total("last_place", "last place", "Where the last one stands.", Places.last)],
)
def places(graph: Graph) -> Places:
    """Numbers the layers."""
    return Places(tuple(range(len(graph.layers))))


@analysis("failing", totals=[Total("failing", "failing", "Fails.", lambda found: 1 // 0)])
def failing(graph: Graph) -> int:
    """Something that cannot be told."""
    return 1


def compared(folder: Path) -> Compared:
    return check(str(folder / "net.yaml")).snapshot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a spec and its snapshot."""
    (tmp_path / "net.yaml").write_text(NET)
    report = compared(tmp_path).report
    assert report is not None
    (tmp_path / "net.snapshot.txt").write_text(report)
    return tmp_path


def test_a_plugin_changes_nothing_in_a_snapshot(folder: Path) -> None:
    assert compared(folder) == Compared()
    with admitted(Plugin("numbering", 1, passes=(places,))):
        assert check(str(folder / "net.yaml")).analyzed.facts.total("last_place").amount.value == 1
        assert compared(folder) == Compared()
        (folder / "net.snapshot.txt").unlink()
        report = compared(folder).report
    assert report is not None
    assert "total parameters: 10\n" in report  # 4·2 + 2
    assert "place" not in report


def test_a_fault_of_a_plugin_changes_nothing_in_a_snapshot(folder: Path) -> None:
    with admitted(Plugin("failing", 1, passes=(failing,))):
        checked = check(str(folder / "net.yaml"))
    assert checked.analyzed.faults
    assert checked.snapshot == Compared()


def test_a_link_leads_to_no_file_but_a_snapshot(folder: Path) -> None:
    (folder / "net.snapshot.txt").unlink()
    (folder / "notes.txt").write_text("mine")
    (folder / "net.snapshot.txt").symlink_to(folder / "notes.txt")
    found = compared(folder)
    assert found.diagnostic is not None
    assert found.diagnostic.message == (
        "`snapshot`: `net.snapshot.txt` is a link to a file whose name does not end in `.snapshot.txt`"
    )
    assert found.report is None


def test_a_text_without_a_name_has_no_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert check("net.yaml", text=NET).snapshot == Compared()
    found = check("<string>", text=NET).snapshot
    assert found.diagnostic is not None
    assert "does not lie in the folder that the spec stands in" in found.diagnostic.message


def test_where_the_folder_is_a_file_there_is_no_snapshot_yet(folder: Path) -> None:
    (folder / "net.yaml").write_text(NET.replace("net.snapshot.txt", "net.yaml/net.snapshot.txt"))
    found = compared(folder)
    assert found.diagnostic is not None
    assert "there is no file `net.yaml/net.snapshot.txt` yet" in found.diagnostic.message
