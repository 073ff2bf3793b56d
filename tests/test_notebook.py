"""Answers that show themselves: what a notebook is offered of each, and what cannot be answered."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import archanalyzer
from archanalyzer import cli, notebook

TOY = "specs/toy.yaml"
CONVOLUTION = "specs/homework/convolution.yaml"
ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def printed(*arguments: str) -> str:
    return CliRunner().invoke(cli.commands, list(arguments), prog_name="archanalyzer").stdout


@pytest.mark.parametrize(
    ("answer", "arguments", "offered"),
    [
        (lambda: notebook.report(TOY), ["analyze", TOY], {"markdown", "latex"}),
        (lambda: notebook.check(TOY), ["check", TOY], {"html"}),
        (
            lambda: notebook.explain("specs/vgg16.yaml", "macs", "fc6/dense"),
            ["explain", "specs/vgg16.yaml", "macs", "fc6/dense"],
            {"markdown", "latex"},
        ),
        (lambda: notebook.field(TOY), ["field", TOY], {"markdown"}),
        (lambda: notebook.trace(TOY, steps=2), ["run", TOY, "--trace", "--steps", "2"], {"html"}),
        (lambda: notebook.run(TOY, rate=0.5, steps=1), ["run", TOY, "--rate", "0.5", "--steps", "1"], {"html"}),
        (lambda: notebook.descent(TOY, from_=0.5), ["descent", TOY, "--from", "0.5"], {"html"}),
        (lambda: notebook.linearize(TOY), ["linearize", TOY], {"html"}),
        (
            lambda: notebook.matrix(CONVOLUTION, "conv1d", set={"p": 2}, flip=True),
            ["matrix", CONVOLUTION, "conv1d", "--set", "p=2", "--flip"],
            {"markdown", "latex"},
        ),
        (lambda: notebook.draw(TOY), ["draw", TOY], {"svg"}),
        (lambda: notebook.diff(TOY, CONVOLUTION), ["diff", TOY, CONVOLUTION], {"markdown"}),
    ],
)
def test_an_answer_is_what_its_command_prints(answer: Any, arguments: list[str], offered: set[str]) -> None:
    answered = answer()
    assert repr(answered) == printed(*arguments).rstrip("\n")
    shown = {name: getattr(answered, f"_repr_{name}_")() for name in ("html", "markdown", "latex", "svg")}
    assert {name for name, text in shown.items() if text is not None} == offered
    for name in offered - {"html"}:
        assert shown[name] == printed(*arguments, "--format", name)
    if "html" in offered:
        assert well_formed(shown["html"]) == printed(*arguments).rstrip()
    if "svg" in offered:
        assert root(shown["svg"]) == "{http://www.w3.org/2000/svg}svg"
    assert all("<script" not in (text or "") for text in shown.values())
    assert answered.data == json.loads(printed(*arguments, "--format", "json"))


def root(svg: str) -> str:
    return ElementTree.fromstring(svg).tag  # noqa: S314 - it is our own


def well_formed(html: str) -> str:
    """The text of HTML, after a look at whether each tag is closed again."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    assert "script" not in parser.seen
    return "".join(parser.texts)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert all(not name.startswith("on") and "url" not in (value or "") for name, value in attrs)
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_spec_may_be_yaml() -> None:
    answer = notebook.report("archspec: 1\ninputs: {x: [3, 8, 8]}\nlayers:\n  - relu\n", input={"x": (2, 4, 4)})
    assert answer.data["specs"][0]["layers"][1]["output_shape"] == [2, 4, 4]


def test_a_picture_of_a_field_is_an_svg() -> None:
    pytest.importorskip("matplotlib")
    picture = notebook.field_picture("specs/vgg16.yaml", "block2", input={"image": (3, 32, 32)})
    assert root(picture._repr_svg_()) == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: notebook.report("no-such.yaml"), "file-not-found"),
        (lambda: notebook.run(TOY, stepps=2), "--stepps"),
        (lambda: notebook.matrix(TOY, "relu"), "relu"),
        (lambda: notebook.diff("a: 1\n", "b: 1\n"), "one spec can be given as YAML"),
        (lambda: magic()('matrix "a'), "No closing quotation"),
        (lambda: notebook.Answer("no-such"), "there is no command `no-such`"),
        (lambda: notebook.field(TOY, "no-such"), "no-such"),
    ],
)
def test_what_cannot_be_answered_is_told(ask: Any, told: str) -> None:
    with pytest.raises(notebook.AskError, match=told):
        ask()


def test_no_is_an_answer() -> None:
    spec = "archspec: 1\ninputs: {x: [2]}\nlayers: [relu]\nexpect: {totals: {parameters: 1}}\n"
    assert notebook.check(spec).data["specs"][0]["outcome"] == "failed"


def test_the_magic_asks_as_the_command_line_does() -> None:
    assert repr(magic()(f"matrix {CONVOLUTION} --set p=2")) == printed("matrix", CONVOLUTION, "--set", "p=2").rstrip()


def magic() -> Any:
    """What IPython gets as ``%archanalyzer``."""
    registered: list[Any] = []

    class Shell:
        def register_magic_function(self, function: Any, kind: str) -> None:
            assert (function.__name__, kind) == ("archanalyzer", "line")
            registered.append(function)

    notebook.load_ipython_extension(Shell())
    return registered[0]


def test_a_report_is_html() -> None:
    text = archanalyzer.analyze("specs/vgg16.yaml")._repr_html_()
    words = well_formed(text)
    assert "138,357,544" in words
    assert "block1" in words


def test_html_escapes_what_a_spec_says() -> None:
    spec = archanalyzer.loads("archspec: 1\nname: <script>alert(1)</script>\ninputs: {x: [2]}\nlayers: [relu]\n")
    assert "<script" not in archanalyzer.analyze(spec)._repr_html_()


def test_a_command_that_writes_a_file_runs_once(tmp_path: Path) -> None:
    weights = tmp_path / "w.npz"
    start = notebook.run(TOY, rate=0.01, steps=1, save=weights)
    once = notebook.run(TOY, rate=0.01, steps=1, load=weights, save=weights)
    assert once._repr_html_() is not None
    with pytest.raises(notebook.AskError, match="asked once"):
        _ = once.data
    twice = notebook.run(TOY, rate=0.01, steps=2)
    assert once.text.splitlines()[-1] == twice.text.splitlines()[-1] != start.text.splitlines()[-1]


def test_a_file_is_what_the_command_writes(tmp_path: Path) -> None:
    answer = notebook.explain(TOY, "parameters", output=tmp_path / "t.txt")
    assert {getattr(answer, f"_repr_{each}_")() for each in ("markdown", "latex", "svg")} == {None}
    assert (tmp_path / "t.txt").read_text() == printed("explain", TOY, "parameters")
    notebook.matrix(CONVOLUTION, output=tmp_path / "w.npz")
    assert (tmp_path / "w.npz").exists()


def test_a_format_that_is_asked_for_is_given() -> None:
    assert notebook.report(TOY, format="csv").text == printed("analyze", TOY, "--format", "csv")
    answer = notebook.draw(TOY, format="dot")
    assert answer.text == printed("draw", TOY, "--format", "dot")
    assert answer._repr_svg_() is None


def test_false_says_no_where_there_is_a_no() -> None:
    diagonal = "specs/homework/diagonal.yaml"
    drawn = notebook.draw(diagonal, backward=True, diagonal=False)
    assert drawn.text == printed("draw", diagonal, "--backward", "--no-diagonal").rstrip("\n") + "\n"
    assert notebook.run(TOY, trace=False).text == notebook.run(TOY).text


def test_a_format_that_one_form_of_a_command_lacks_is_not_offered() -> None:
    answer = notebook.Answer("explain", ["wrong-rank"])
    assert answer._repr_markdown_() is None
    assert "wrong-rank" in (answer._repr_html_() or "")


def test_what_is_very_long_is_not_kept_in_every_format(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "MOST_SHOWN", 200)
    answer = notebook.field(TOY)
    assert len(answer.text) > 200
    assert answer._repr_markdown_() is None
    assert f"… {len(answer.text) - 200:,} more characters" in (answer._repr_html_() or "")
