"""A network's drawing as a text that other programs draw from: Mermaid, Graphviz's dot, JSON.

Mermaid: <https://mermaid.js.org/syntax/flowchart.html>, with labels in quotes and what would end them, or be read as
anything else than text, as entity codes. Dot: <https://graphviz.org/doc/info/lang.html>.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from archanalyzer.report.drawing.boxes import Box, Drawing, Frame, Look
from archanalyzer.report.json_text import document

LOOKS = {
    Look.INPUT: ("#eef1f4", "#8794a1"),
    Look.BLOCK: ("#f3ecf8", "#9a72b8"),
    Look.WEIGHTS: ("#e3f0fa", "#2f7fb8"),
    Look.ACTIVATION: ("#fdf1d9", "#c98d12"),
    Look.MERGE: ("#dff3ec", "#1f9673"),
    Look.SAMPLING: ("#fbe7e0", "#cc5a2a"),
    Look.OTHER: ("#f7f7f5", "#a3a29b"),
}
"""The inside and the border of a box: the colours of Okabe & Ito 2008, told apart by the colour-blind, lightened."""
_FRAME = ("#f4f6f8", "#a9b4bf")
_INK = "#1b1f24"

# What Mermaid may take for the end of a label, an entity, a tag, a formula, or Markdown's emphasis or lists.
_NOT_IN_MERMAID = re.compile(r'["#&<>`$;*~%\\]|^[-+](?!\S)|(?<=[0-9])[.)](?=\s)')
_NOT_IN_DOT = re.compile(r'["\\]')


def mermaid_label(*lines: str) -> str:
    """Some lines as a quoted label of Mermaid."""
    return '"' + "<br/>".join(_NOT_IN_MERMAID.sub(lambda found: f"#{ord(found[0])};", line) for line in lines) + '"'


def dot_label(*lines: str) -> str:
    """Some lines as a quoted label of dot."""
    return '"' + r"\n".join(_NOT_IN_DOT.sub(r"\\\g<0>", line) for line in lines) + '"'


def as_mermaid(drawing: Drawing, *, to_the_right: bool = False) -> str:
    """A flowchart, ending with a line break."""
    lines = ["---", f"title: {yaml_text(drawing.title)}", "---", f"flowchart {'LR' if to_the_right else 'TB'}"]
    lines += _nested(drawing, _mermaid_box, _mermaid_frame, "end")
    lines += [f"  b{source} --> b{target}" for source, target in drawing.arrows]
    if drawing.frames:
        inside, border = _FRAME
        lines.append(f"  classDef frame fill:{inside},stroke:{border},color:{_INK}")
        lines.append(f"  class {','.join(f'f{at}' for at in range(len(drawing.frames)))} frame")
    for look, (inside, border) in LOOKS.items():
        boxes = [f"b{at}" for at, box in enumerate(drawing.boxes) if box.look is look]
        if boxes:
            lines.append(f"  classDef {look.value} fill:{inside},stroke:{border},color:{_INK}")
            lines.append(f"  class {','.join(boxes)} {look.value}")
    outputs = [f"b{at}" for at, box in enumerate(drawing.boxes) if box.is_output]
    if outputs:
        lines += ["  classDef isOutput stroke-width:3px", f"  class {','.join(outputs)} isOutput"]
    return "\n".join(lines) + "\n"


def yaml_text(text: str) -> str:
    """A text of one line as YAML has it in quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _mermaid_box(at: int, box: Box) -> str:
    return f"b{at}[{mermaid_label(*_lines(box))}]"


def _mermaid_frame(at: int, frame: Frame) -> list[str]:
    return [f"subgraph f{at}[{mermaid_label(frame.caption)}]"]


def _lines(box: Box) -> list[str]:
    return [line for line in (box.label, box.below, box.shape) if line]


def as_dot(drawing: Drawing, *, to_the_right: bool = False) -> str:
    """A graph of Graphviz, ending with a line break."""
    lines = [
        f"digraph {dot_label(drawing.title)} {{",
        f"  graph [label={dot_label(drawing.title)}, labelloc=t, rankdir={'LR' if to_the_right else 'TB'}]",
        f'  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11, fontcolor="{_INK}"]',
        '  edge [color="#6b7885", arrowsize=0.7]',
    ]
    lines += _nested(drawing, _dot_box, _dot_frame, "}")
    lines += [f"  b{source} -> b{target}" for source, target in drawing.arrows]
    return "\n".join(lines) + "\n}\n"


def _dot_box(at: int, box: Box) -> str:
    inside, border = LOOKS[box.look]
    thick = ", penwidth=2.5" if box.is_output else ""
    return f'b{at} [label={dot_label(*_lines(box))}, fillcolor="{inside}", color="{border}"{thick}]'


def _dot_frame(at: int, frame: Frame) -> list[str]:
    inside, border = _FRAME
    return [
        f"subgraph cluster_{at} {{",
        f"  graph [label={dot_label(frame.caption)}, labelloc=t]",
        f'  graph [style="rounded,filled", fillcolor="{inside}", color="{border}"]',
    ]


def _nested(
    drawing: Drawing, box: Callable[[int, Box], str], frame: Callable[[int, Frame], list[str]], end: str
) -> Iterator[str]:
    """Boxes, each in the frames around it, which are opened before it and closed behind their last."""
    open_: list[int] = []
    for at, each in enumerate(drawing.boxes):
        around = _around(drawing.frames, each.frame)
        while open_ != around[: len(open_)]:
            open_.pop()
            yield f"{_indent(open_)}{end}"
        for opened in around[len(open_) :]:
            yield from (_indent(open_) + line for line in frame(opened, drawing.frames[opened]))
            open_.append(opened)
        yield _indent(open_) + box(at, each)
    while open_:
        open_.pop()
        yield f"{_indent(open_)}{end}"


def _indent(open_: Sequence[int]) -> str:
    return "  " * (1 + min(len(open_), 20))


def _around(frames: Sequence[Frame], frame: int | None) -> list[int]:
    found: list[int] = []
    while frame is not None:
        found.append(frame)
        frame = frames[frame].outer
    return found[::-1]


def as_json(drawing: Drawing) -> str:
    """Boxes, frames and arrows as data."""
    return document(
        {
            "name": drawing.title,
            "description": drawing.about,
            "boxes": [_entry(box) for box in drawing.boxes],
            "frames": [{"name": frame.name, "block": frame.block, "outer": frame.outer} for frame in drawing.frames],
            "arrows": [{"from": source, "to": target} for source, target in drawing.arrows],
        }
    )


def _entry(box: Box) -> dict[str, Any]:
    return {
        "name": box.name,
        "type": box.type,
        "detail": box.detail,
        "output_shape": list(box.extents),
        "look": box.look.value,
        "is_output": box.is_output,
        "frame": box.frame,
    }
