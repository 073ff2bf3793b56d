"""What the reports on receptive fields say of what is not known, may be, or is of channels; by hand."""

from __future__ import annotations

import json
from typing import Any

import archanalyzer
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.report.field.answer import Answer
from archanalyzer.report.json_text import document
from archanalyzer.report.parts import as_text
from archanalyzer.report.view import Page

HEAD = "archspec: 1\nname: net\ninputs: {x: [1, 12]}\nlayers:\n"
WAYS = f"""\
{HEAD}\
  - max_pool1d: 2
  - upsample: {{size: 12, mode: linear, align_corners: true}}
    name: resized
  - conv1d: {{filters: 1, kernel: 2, padding: [[1, 0]]}}
    from: x
    name: causal
  - add:
    from: [resized, x]
    name: unknown
  - add:
    from: [causal, unknown]
    name: shifted
  - global_avg_pool: {{keep_axes: true}}
  - add:
    from: [global_avg_pool, shifted]
    name: gated
"""
STACKED = """\
archspec: 1
name: net
inputs: {a: [1, 6, 6], b: [1, 6, 6]}
layers:
  - pad: [[0, 6], [0, 0]]
    from: a
    name: above
  - pad: [[6, 0], [0, 0]]
    from: b
    name: below
  - add:
    from: [above, below]
"""


def loaded(text: str) -> Analyzed:
    return archanalyzer.analyze(archanalyzer.loads(text))


def lines(text: str, name: str = "") -> list[str]:
    """The lines below the name, of all layers or of one."""
    analyzed, here = loaded(text), Page(80)
    answer = Answer(analyzed, analyzed.graph.index[name] if name else None)
    return as_text(answer.parts(here, None), here).splitlines()[2:]


def column(text: str, title: str) -> dict[str, str]:
    titles, _, *rows = lines(text)
    place = titles.split().index(title)
    return {cells[0]: cells[place] for cells in map(str.split, rows[: rows.index("")])}


def said_of(text: str, name: str, what: str) -> str:
    found = [line for line in lines(text, name) if line.startswith(what)]
    return found[0].removeprefix(what).strip() if found else ""


def data(text: str) -> dict[str, Any]:
    return {each["name"]: each["fields"] for each in json.loads(document(Answer(loaded(text)).data()))["layers"]}


def test_not_aligned_is_what_has_been_shown() -> None:
    """Resized from 6 to 12 with corners kept, output o looks at 5/11·o: it has no whole stride, and no one centre.

    The causal way has its centre half a position before that of ``x`` itself, which ``shifted`` sees as well.
    """
    assert column(WAYS, "aligned") == {
        "x": "yes",
        "max_pool1d": "yes",
        "resized": "yes",
        "causal": "yes",
        "unknown": "?",
        "shifted": "no",
        "global_avg_pool": "–",
        "gated": "–",
    }
    assert "aligned: no: not all ways have the same centre" in lines(WAYS)
    assert "? not known, or too much to look at" in lines(WAYS)


def test_where_nothing_is_shown_to_differ_there_is_no_such_column() -> None:
    layers, _, _ = WAYS.partition("  - add:\n    from: [causal")
    unknown = layers + "outputs: [unknown, causal]\n"
    assert "aligned" not in lines(unknown)[0]
    assert (
        said_of(unknown, "unknown", "aligned")
        == "not known: on some way, fields have no one stride, and so no centre to"
    )


def test_one_layer_says_the_same() -> None:
    assert said_of(WAYS, "resized", "aligned") == "yes"
    assert said_of(WAYS, "shifted", "aligned") == "no: not all ways have the same centre; the union of them is told"
    assert said_of(WAYS, "gated", "aligned") == ""


def test_in_data_false_is_what_has_been_shown() -> None:
    fields = data(WAYS)
    aligned = [fields[name][0]["aligned"] for name in ("resized", "unknown", "shifted", "gated")]
    assert aligned == [True, True, False, True]


def test_channels_that_differ_are_named() -> None:
    """The 12 positions become channels, then features, of which it is said anyhow that they are such."""
    reshaped = f"{HEAD}  - reshape: {{shape: [12, 1]}}\n  - relu\n  - flatten\n"
    note = " ".join(lines(reshaped))
    assert (
        "of `reshape` and `relu`, fields along an axis that became channels differ by channel, not by position" in note
    )
    assert "by channel" not in " ".join(lines(WAYS))


def test_a_folded_block_is_named_for_its_output() -> None:
    blocks = "blocks:\n  b:\n    layers:\n      - relu\n      - reshape: {shape: [12, 1]}\n"
    text = HEAD.replace("layers:\n", f"{blocks}layers:\n  - b\n")
    here = Page(80)
    shown = as_text(Answer(loaded(text)).parts(here, 0), here)
    assert "of `b`, fields along an axis that became channels" in shown


def test_what_only_may_be_is_said_so() -> None:
    """The rows of a fill the upper half, those of b the lower; what a column sees of a does not say which places."""
    assert said_of(STACKED, "add", "but") == "some places may see less, or nothing, of this input"
    assert said_of(WAYS, "shifted", "but") == ""
