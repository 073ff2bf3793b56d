"""Forward and backward propagation in every format: both ways, their symbols, and how they are led."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import archanalyzer
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.drawing_flow import Flow, signal_flow
from archanalyzer.report.drawing import flow_svg as drawing_flow_svg
from archanalyzer.report.drawing import flow_texts as drawing_flow_texts
from tests.docs.fences import ROOT
from tests.report.drawing.parsers import SVG, dot, mermaid, svg, texts

FOLDERS = (ROOT / "tests" / "passes" / "cases", ROOT / "specs", ROOT / "specs" / "homework")
SPECS = [path for folder in FOLDERS for path in sorted(folder.glob("*.yaml"))]


def flow_of(text: str) -> Flow:
    found = analyze(archanalyzer.loads(text))
    assert not found.partial
    return signal_flow(found.facts, found.spec.running)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_flow_in_every_format(path: Path) -> None:
    """Both ways are graphs of their own; the SVG has the symbols that they have."""
    flow = flow_of(path.read_text())
    (ways,) = drawing_flow_texts.ways(flow)
    nodes = [*ways.forward[0], *ways.back[0]]
    edges = [(*edge,) for edge in (*ways.forward[1], *ways.back[1])]
    for graph in (mermaid(drawing_flow_texts.as_mermaid(flow)), dot(drawing_flow_texts.as_dot(flow))):
        assert list(graph.nodes.values()) == ["\n".join(node.lines) for node in nodes]
        inner = [edge for edge in graph.edges if edge[0] in graph.nodes]
        assert sorted(inner) == sorted(edges)
    root = svg(drawing_flow_svg.render(flow))
    written = {_plain(line) for line in texts(root)}
    shown = {_plain(node.lines[0]) for node in nodes if node.look in {"weights", "activation", "loss"}}
    assert shown <= written
    assert {_plain(edge.label) for edge in (*ways.forward[1], *ways.back[1]) if edge.label} <= written
    assert json.loads(drawing_flow_texts.as_json(flow))["chains"][0]["cells"]


_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ₀₁₂₃₄₅₆₇₈₉", "0123456789T0123456789")


def _plain(text: str) -> str:
    """As letters alone are read: raised and lowered ones are only drawn so."""
    return text.translate(_DIGITS)


def test_the_ways_of_the_exercise_lead_from_end_to_end() -> None:
    """By the edges of the Mermaid text, forward from x to ℓ, and back from o² − y to both gradients."""
    flow = flow_of((ROOT / "specs" / "toy.yaml").read_text())
    graph = mermaid(drawing_flow_texts.as_mermaid(flow))
    following = {source: target for source, target, _ in graph.edges if not graph.nodes.get(target, "").startswith("∂")}
    for start, way_ in (
        ("f0_0", ["x", "W¹\ndense", "⊕", "σ\nrelu", "W²\ndense", "⊕", "σ\nrelu", "ℓ\nhalf_squared_error"]),
        ("b5", ["o² − y", "Λ²\ndiag σ′(g²)", "(W²)ᵀ", "Λ¹\ndiag σ′(g¹)"]),
    ):
        walked = [start]
        while walked[-1] in following:
            walked.append(following[walked[-1]])
        assert [graph.nodes[each] for each in walked] == way_
    assert {graph.nodes[target] for _, target, label in graph.edges if label == "δ¹"} == {
        "∂ℓ/∂W¹ = δ¹ · (o⁰)ᵀ\n∂ℓ/∂b¹ = δ¹"
    }
    assert {graph.nodes[target] for _, target, label in graph.edges if label == "δ²"} == {
        "(W²)ᵀ",
        "∂ℓ/∂W² = δ² · (o¹)ᵀ\n∂ℓ/∂b² = δ²",
    }


def test_where_nothing_learns_there_is_no_way_back() -> None:
    flow = flow_of("archspec: 1\ninputs: {x: [2]}\nlayers: [relu]\n")
    graph = mermaid(drawing_flow_texts.as_mermaid(flow))
    assert list(graph.groups.values()) == ["forward"]
    assert list(graph.nodes.values()) == ["x", "σ\nrelu", "ℓ\nloss", "y"]
    assert not [
        each for each in svg(drawing_flow_svg.render(flow)).iter(f"{SVG}path") if "back" in each.get("class", "")
    ]


def test_errors_of_several_readers_are_added_up() -> None:
    text = (
        "archspec: 1\ninputs: {x: [2]}\nlayers:\n  - dense: 2\n    name: a\n  - relu\n  - add:\n    from: [relu, a]\n"
    )
    flow = flow_of(text)
    (ways,) = drawing_flow_texts.ways(flow)
    (both,) = [node for node in ways.back[0] if node.look == "sum"]
    assert sum(edge.target == both.id for edge in ways.back[1]) == 2
    circles = [each for each in svg(drawing_flow_svg.render(flow)).iter(f"{SVG}circle") if each.get("r") == "8"]
    assert len(circles) == 1


def test_units_of_a_diagonal_network_are_chains_apart() -> None:
    flow = flow_of((ROOT / "specs" / "homework" / "diagonal.yaml").read_text())
    graph = mermaid(drawing_flow_texts.as_mermaid(flow, diagonal=True))
    assert list(graph.groups.values()) == ["unit 1: forward", "unit 1: back", "unit 2: forward", "unit 2: back"]
    inner = [(source, target) for source, target, _ in graph.edges if source in graph.nodes]
    assert inner
    assert all(source[:2] == target[:2] for source, target in inner)
    lines = [_plain(line) for line in texts(svg(drawing_flow_svg.render(flow, diagonal=True)))]
    assert "λ₁²\nσ′(g₁²)" in graph.nodes.values()
    assert [line for line in lines if line.startswith("w")] == ["w111", "w112", "w112", "w221", "w222", "w222"]
    assert json.loads(drawing_flow_texts.as_json(flow, diagonal=True))["units"] == 2


def test_of_many_units_the_others_are_counted() -> None:
    flow = flow_of("archspec: 1\ninputs: {x: [4096]}\nlayers: [dense: 4096]\n")
    lines = texts(svg(drawing_flow_svg.render(flow, diagonal=True)))
    assert "⋮  4,093 units more" in lines


def test_a_long_chain_is_broken_into_lines_that_name_the_signal_again() -> None:
    layers = "".join("  - dense: 2\n  - relu\n" for _ in range(8))
    flow = flow_of(f"archspec: 1\ninputs: {{x: [2]}}\nlayers:\n{layers}")
    root = svg(drawing_flow_svg.render(flow))
    assert float(root.get("width", 0)) < 1300
    lines = [_plain(line) for line in texts(root)]
    assert sum(lines.count(f"{letter}{number}") == 2 for letter in "og" for number in range(9)) >= 1
