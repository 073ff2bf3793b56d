"""Parsers of what is drawn as text: as much of Mermaid's and dot's grammars as there is need of, from their manuals.

They know nothing of how the texts are written: a token that the grammar has no place for is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree import ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"


@dataclass
class Graph:
    """Labels of nodes and groups by id, each group's members, and edges with their labels."""

    direction: str = ""
    title: str = ""
    nodes: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    edges: list[tuple[str, str, str]] = field(default_factory=list)
    classes: dict[str, str] = field(default_factory=dict)


_ID = r"[A-Za-z][A-Za-z0-9_]*"
_LABEL = r'"(?P<label>[^"]*)"'
_NODE = re.compile(rf"(?P<id>{_ID})(?:\[{_LABEL}\])\Z")
_ROUND = re.compile(rf'(?P<id>{_ID})(?:\(\("(?P<label>[^"]*)"\)\)|\(\["(?P<other>[^"]*)"\]\))\Z')
_EDGE = re.compile(rf"(?P<source>{_ID}) (?:-->|~~~)(?:\|{_LABEL}\|)? (?P<target>{_ID})\Z")
_GROUP = re.compile(rf"subgraph (?P<id>{_ID})\[{_LABEL}\]\Z")
_CLASS = re.compile(rf"class (?P<ids>{_ID}(?:,{_ID})*) (?P<name>{_ID})\Z")
_CLASS_DEF = re.compile(rf"classDef {_ID} [a-z-]+:[#0-9a-z]+(?:,[a-z-]+:[#0-9a-z]+)*\Z")
_ENTITY = re.compile(r"#(\d+);")


def mermaid(text: str) -> Graph:
    """A flowchart: front matter with a title, then statements, one a line."""
    lines = text.splitlines()
    assert lines[0] == lines[2] == "---"
    (title,) = re.fullmatch(r'title: "((?:[^"\\]|\\.)*)"', lines[1]).groups()  # type: ignore[union-attr]
    graph = Graph(title=re.sub(r"\\(.)", r"\1", title))
    (graph.direction,) = re.fullmatch("flowchart (TB|LR)", lines[3]).groups()  # type: ignore[union-attr]
    open_: list[str] = []
    for line in map(str.strip, lines[4:]):
        _statement(graph, open_, line)
    assert not open_
    return graph


def _statement(graph: Graph, open_: list[str], line: str) -> None:
    if line == "end":
        open_.pop()
    elif found := _GROUP.match(line):
        graph.groups[found["id"]] = _unescaped(found["label"])
        open_.append(found["id"])
    elif found := _EDGE.match(line):
        graph.edges.append((found["source"], found["target"], _unescaped(found["label"] or "")))
    elif found := _NODE.match(line) or _ROUND.match(line):
        label = found["label"] if found["label"] is not None else found["other"]
        assert found["id"] not in graph.nodes
        graph.nodes[found["id"]] = _unescaped(label)
        for group in open_:
            graph.members.setdefault(group, []).append(found["id"])
    elif found := _CLASS.match(line):
        graph.classes |= dict.fromkeys(found["ids"].split(","), found["name"])
    else:
        assert line in {"direction LR", "direction RL"} or _CLASS_DEF.match(line), line


def _unescaped(label: str) -> str:
    """Lines of a label; a tag but the line break, or a sign with a meaning, must have been escaped."""
    plain = label.replace("<br/>", "\n")
    assert not re.search(r"[<>&`$;\\]|#(?!\d+;)", _ENTITY.sub("", plain)), label
    return _ENTITY.sub(lambda found: chr(int(found[1])), plain)


class Token(NamedTuple):
    kind: str
    text: str


_STRING = r'(?P<string>"(?:[^"\\]|\\.)*")'
_TOKENS = re.compile(rf"\s*(?:{_STRING}|(?P<word>[A-Za-z_][A-Za-z0-9_]*|[0-9.]+)|(?P<sign>->|[{{}}\[\]=,;]))")


def dot(text: str) -> Graph:
    """A digraph of subgraphs, nodes with attributes and edges."""
    tokens: list[Token] = []
    at = 0
    while text[at:].strip():
        found = _TOKENS.match(text, at)
        assert found, text[at : at + 40]
        tokens.append(Token(found.lastgroup or "", found[found.lastgroup or 0]))
        at = found.end()
    assert [token.text for token in (tokens[0], tokens[2], tokens[-1])] == ["digraph", "{", "}"]
    graph = Graph(title=_string(tokens[1]))
    reader = _Dot(graph, tokens[3:-1])
    while reader.tokens:
        reader.statement()
    assert not reader.open
    return graph


def _string(token: Token) -> str:
    assert token.kind == "string"
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], token.text[1:-1])


class _Dot:
    def __init__(self, graph: Graph, tokens: list[Token]) -> None:
        self.graph, self.tokens, self.open = graph, tokens, list[str]()

    def take(self) -> Token:
        return self.tokens.pop(0)

    def statement(self) -> None:
        first = self.take().text
        if first == "}":
            self.open.pop()
        elif first == "subgraph":
            self.open.append(self.take().text)
            assert self.take().text == "{"
        elif first in {"graph", "node", "edge"}:
            attributes = self.attributes()
            if first == "graph" and self.open and "label" in attributes:
                self.graph.groups[self.open[-1]] = attributes["label"]
            self.graph.direction = attributes.get("rankdir", self.graph.direction)
        elif self.tokens and self.tokens[0].text == "->":
            self.take()
            target = self.take().text
            attributes = self.attributes() if self.tokens and self.tokens[0].text == "[" else {}
            ends = (target, first) if attributes.get("dir") == "back" else (first, target)
            self.graph.edges.append((*ends, attributes.get("label", "")))
        else:
            assert first not in self.graph.nodes
            self.graph.nodes[first] = self.attributes()["label"]
            for group in self.open:
                self.graph.members.setdefault(group, []).append(first)

    def attributes(self) -> dict[str, str]:
        assert self.take().text == "["
        found = {}
        while True:
            name = self.take()
            assert name.kind == "word"
            assert self.take().text == "="
            value = self.take()
            found[name.text] = _string(value) if value.kind == "string" else value.text
            end = self.take().text
            assert end in {",", "]"}
            if end == "]":
                return found


def svg(text: str) -> ET.Element:
    """A well-formed SVG that draws with nothing but shapes and texts: no script, no link, nothing from elsewhere."""
    root = ET.fromstring(text)  # noqa: S314 - our own
    allowed = {"svg", "title", "style", "rect", "circle", "path", "g", "text", "tspan"}
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in allowed
        assert not any(name.startswith("on") or "href" in name for name in element.attrib)
    assert "url(" not in text
    assert "@import" not in text
    return root


def texts(root: ET.Element) -> list[str]:
    """What can be read, line by line, in the order of the file."""
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
