"""Bad and hostile input, end to end: a diagnostic and exit code 2, in bounded time and memory, never a traceback."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archanalyzer.diagnostics import Diagnostic, SpecError
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.expectations import unmet
from archanalyzer.report import Page, render
from archanalyzer.report.diagnostics import as_data, as_text
from archanalyzer.report.view import View
from archanalyzer.spec import parse_spec

ROOT = Path(__file__).parents[1]
HEAD = "archspec: 1\ninputs: {x: [3, 8, 8]}\n"
FLAT = "archspec: 1\ninputs: {x: [1]}\n"
SECONDS, BYTES = 10, 2 * 2**30
"""What a run may take; every case here takes a second or two, and some 100 MB."""


def _within_bounds() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


def run(*arguments: str, stdin: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "archanalyzer", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=_within_bounds,
        timeout=60,
    )


def rules(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    """The rules of the diagnostics on standard error, after what is true of every bad input has been checked."""
    err = done.stderr.decode()
    assert done.returncode == 2, err[:1000]
    assert "Traceback" not in err
    assert "internal error" not in err
    assert len(err) < 40_000
    return re.findall(r"^(?:\S.*?: )?(?:error|warning)\[([\w-]+)\]: ", err, re.MULTILINE)


# --- Files that cannot be read ---------------------------------------------------------------------------------------

UNREADABLE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty-file"),
    "only comments": (b"# nothing\n# yet\n", "empty-file"),
    "an empty document": (b"---\n...\n", "empty-file"),
    "invalid UTF-8": (b"name: \xe9\n", "not-utf8"),
    "UTF-16": (HEAD.encode("utf-16"), "not-utf8"),
    "a NUL": (HEAD.encode() + b"a: \0\n", "control-character"),
    "binary": (bytes(range(256)) * 10, "not-utf8"),
    "a list": (b"- relu\n", "wrong-kind"),
    "a number": (b"42\n", "wrong-kind"),
    "no YAML": (b"a: [1, 2\n", "yaml-syntax"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_of_what_cannot_be_read_nothing_is_shown_and_nothing_written(name: str, tmp_path: Path) -> None:
    content, rule = UNREADABLE[name]
    (tmp_path / "spec.yaml").write_bytes(content)
    (tmp_path / "out.json").write_text("untouched")
    done = run("analyze", "spec.yaml", cwd=tmp_path)
    assert rules(done) == [rule]
    assert done.stdout == b""
    assert done.stderr.startswith(b"spec.yaml:")
    done = run("analyze", "spec.yaml", "--format", "json", "-o", "out.json", cwd=tmp_path)
    assert rules(done) == [rule]
    assert done.stdout == b""
    assert (tmp_path / "out.json").read_text() == "untouched"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json", "spec.yaml"]


@pytest.mark.parametrize(
    ("path", "rule"), [("missing.yaml", "file-not-found"), (".", "not-a-file"), ("no/spec.yaml", "file-not-found")]
)
def test_paths_without_a_file(path: str, rule: str, tmp_path: Path) -> None:
    assert rules(run("analyze", path, cwd=tmp_path)) == [rule]


def test_nothing_on_standard_input() -> None:
    assert rules(run("analyze", "-")) == ["empty-file"]
    assert rules(run("check", "-")) == ["empty-file"]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_lines_are_counted_whatever_ends_them(line_break: str) -> None:
    text = (HEAD + "layers:\n  - relu\n  - rleu\n").replace("\n", line_break)
    done = run("analyze", "-", stdin=text.encode())
    assert rules(done) == ["unknown-layer-type"]
    assert done.stderr.startswith(b"<stdin>:5:5: ")


def test_a_byte_order_mark_moves_no_column() -> None:
    done = run("analyze", "-", stdin=b"\xef\xbb\xbfarchspec: 2\n" + HEAD.encode()[12:] + b"layers: [relu]\n")
    assert rules(done) == ["unknown-version"]
    assert done.stderr.startswith(b"<stdin>:1:11: ")


# --- Hostile texts ---------------------------------------------------------------------------------------------------


def blocks(number: int, first: str, inner: str) -> str:
    """Blocks each of which uses the one before: ``inner`` with its name in place of ``%``."""
    lines = (f"  b{depth}: {{layers: [{inner.replace('%', f'b{depth - 1}')}]}}\n" for depth in range(1, number))
    return f"{HEAD}blocks:\n  b0: {{layers: [{first}]}}\n{''.join(lines)}layers: [b{number - 1}]\n"


def many(number: int, line: Callable[[int], str]) -> str:
    return "".join(line(index) for index in range(number))


def bomb(levels: int) -> str:
    lines = many(levels, lambda level: f"  a{level + 1}: &a{level + 1} [{', '.join([f'*a{level}'] * 10)}]\n")
    return f"{HEAD}variables:\n  a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n{lines}layers: [relu]\n"


def within(levels: int, entry: str, inner: str) -> str:
    """``inner`` in as many groups as ``levels``, in one line."""
    return f"{HEAD}layers: {f'[{{{entry}, layers: ' * levels}{inner}{'}]' * levels}\n"


HOSTILE: dict[str, tuple[Callable[[], str], set[str]]] = {
    "10,000 levels": (lambda: HEAD + "layers: " + "[" * 10_000 + "]" * 10_000, {"nesting-too-deep"}),
    "100,000 open brackets": (lambda: "[" * 100_000, {"nesting-too-deep"}),
    "100,000 open braces": (lambda: "{" * 100_000, {"nesting-too-deep"}),
    "100,000 dashes": (lambda: "- " * 100_000, {"nesting-too-deep"}),
    "an alias bomb": (lambda: bomb(20), {"alias-expansion"}),
    "a power of a power": (
        lambda: HEAD + "variables: {a: =9**9**9}\nlayers:\n  - relu:\n    repeat: =a\n",
        {"expression-too-large"},
    ),
    "lists that double": (
        lambda: (
            f"{HEAD}variables:\n  a0: [1, 1]\n{many(60, lambda i: f'  a{i + 1}: =[a{i}, a{i}]' + chr(10))}"
            "layers: [relu]\n"
        ),
        {"expression-too-large"},
    ),
    "a thousand million repeats": (lambda: HEAD + "layers:\n  - relu:\n    repeat: 1000000000\n", {"too-many-layers"}),
    "as many, by a variable": (
        lambda: HEAD + "variables: {n: 1000000000}\nlayers:\n  - relu:\n    repeat: =n\n",
        {"too-many-layers"},
    ),
    "repeats of nothing": (lambda: within(15, "repeat: 1000", "[]"), {"too-many-layers"}),
    "repeats of what is left out": (lambda: within(15, "repeat: 1000", "[{relu: , repeat: 0}]"), {"too-many-layers"}),
    "repeats of two": (lambda: within(29, "repeat: 2", "[relu]"), {"too-many-layers"}),
    "blocks that double": (lambda: blocks(40, "relu, relu", "%, %"), {"too-many-layers"}),
    "blocks that double and are wrong": (
        lambda: blocks(40, "rleu, relu", "%, %"),
        {"unknown-layer-type", "too-many-layers"},
    ),
    "blocks that double and are empty": (lambda: blocks(40, "", "%, %"), {"empty-block", "too-many-layers"}),
    "names that grow": (lambda: blocks(9000, "{relu: , repeat: 2000}", "%"), {"too-many-layers"}),
    "a long circle": (
        lambda: (
            HEAD + "blocks:\n" + many(3000, lambda i: f"  b{i}: {{layers: [b{(i + 1) % 3000}]}}\n") + "layers: [b0]\n"
        ),
        {"recursive-block"},
    ),
    "many circles": (
        lambda: HEAD + "blocks:\n" + many(3000, lambda i: f"  b{i}: {{layers: [b{i}]}}\n") + "layers: [b0]\n",
        {"recursive-block"},
    ),
    "every block uses every block": (
        lambda: (
            HEAD
            + "blocks:\n"
            + many(60, lambda i: f"  b{i}: {{layers: [{', '.join(f'b{j}' for j in range(60))}]}}\n")
            + "layers: [b0]\n"
        ),
        {"recursive-block"},
    ),
    "a name of 1 MB": (lambda: HEAD + f"layers:\n  - relu:\n    name: {'a' * 10**6}\n", {"invalid-name"}),
    "a name that ends in 1 MB of digits": (
        lambda: HEAD + f"layers:\n  - relu:\n    name: a{'9' * 10**6}\n  - relu\n",
        {"invalid-name"},
    ),
    "references of 1 MB": (
        lambda: HEAD + f"layers:\n  - relu:\n    from: {'a' * 10**6}\n  - relu:\n    from: {'a/' * 500_000}\n",
        {"unknown-layer"},
    ),
    "a layer type of 1 MB": (lambda: HEAD + f"layers:\n  - {'a' * 10**6}\n", {"unknown-layer-type"}),
    "a value of 1 MB": (lambda: HEAD + f"layers:\n  - dropout: {'a' * 10**6}\n", {"invalid-field"}),
    "numbers of 1 MB": (
        lambda: HEAD + f"variables: {{a: {'9' * 10**6}, b: 1.{'9' * 10**6}, c: 0x{'f' * 10**6}}}\nlayers: [relu]\n",
        {"number-too-large"},
    ),
    "an expression of 2 MB": (
        lambda: HEAD + f"layers:\n  - dropout: ={'1+' * 10**6}1\n",
        {"expression-too-large"},
    ),
    "10,000 wrong types": (
        lambda: HEAD + "layers:\n" + many(10_000, lambda i: f"  - conv2D{i}: {{filters: 3}}\n"),
        {"unknown-layer-type"},
    ),
    "10,000 wrong fields": (
        lambda: HEAD + "layers:\n" + many(10_000, lambda i: f"  - conv2d: {{filters: a{i}, kernel: x}}\n"),
        {"invalid-field"},
    ),
    "10,000 unknown fields": (
        lambda: HEAD + "layers:\n" + many(10_000, lambda i: f"  - relu: {{a{i}: 3}}\n"),
        {"unknown-field"},
    ),
    "10,000 unknown names": (
        lambda: HEAD + "layers:\n" + many(10_000, lambda i: f"  - relu:\n    from: nope{i}\n    name: rel{i}\n"),
        {"unknown-layer"},
    ),
    "10,000 references downwards": (
        lambda: HEAD + "layers:\n" + many(10_000, lambda i: f"  - relu:\n    from: r{i + 1}\n    name: r{i}\n"),
        {"forward-reference"},
    ),
    "10,000 circles": (
        lambda: (
            HEAD
            + "layers:\n"
            + many(10_000, lambda i: f"  - add:\n    from: [previous, last]\n    name: r{i}\n")
            + "  - relu:\n    name: last\n"
        ),
        {"cycle", "forward-reference"},
    ),
    "10,000 equal names": (lambda: HEAD + "layers:\n" + "  - relu:\n    name: a\n" * 10_000, {"duplicate-name"}),
    "10,000 equal keys": (lambda: HEAD + "layers: [relu]\n" + "name: a\n" * 10_000, {"duplicate-key"}),
    "10,000 unknown outputs": (
        lambda: f"{HEAD}outputs: [{', '.join(f'r{i}' for i in range(10_000))}]\nlayers: [relu]\n",
        {"unknown-layer"},
    ),
    "10,000 weights of nothing": (
        lambda: (
            f"{HEAD}layers: [{'relu, ' * 10_000}]\nweights:\n" + many(10_000, lambda i: f"  no{i}: {{weight: 1}}\n")
        ),
        {"unknown-layer"},
    ),
    "5,000 inputs to choose from": (
        lambda: "archspec: 1\ninputs:\n" + many(5000, lambda i: f"  x{i}: [3]\n") + "layers:\n  - relu\n",
        {"ambiguous-input"},
    ),
    "5,000 wrong inputs": (
        lambda: (
            "archspec: 1\ninputs:\n" + many(5000, lambda i: f"  x{i}: [a]\n") + "layers:\n  - relu:\n    from: x1\n"
        ),
        {"invalid-field"},
    ),
    "a shape of 100,000 axes": (
        lambda: f"archspec: 1\ninputs: {{x: [{', '.join(['9000000000000000000'] * 100_000)}]}}\nlayers: [flatten]\n",
        {"invalid-field"},
    ),
    "64 axes of 10**18": (
        lambda: f"archspec: 1\ninputs: {{x: [{'1000000000000000000, ' * 64}]}}\nlayers: [flatten]\n",
        {"output-too-large"},
    ),
    "sizes that multiply 20,000 times": (
        lambda: f"{HEAD}layers:\n  - upsample: 9223372036854775807\n    repeat: 20000\n",
        {"output-too-large"},
    ),
    "3,000 arguments, 1,000 uses": (
        lambda: (
            f"{HEAD}blocks: {{b: {{arguments: {{{', '.join(f'a{i}: 1' for i in range(3000))}}}, layers: [relu]}}}}\n"
            f"layers: [{'b, ' * 1000}b]\n"
        ),
        {"too-many-layers"},
    ),
    "3,000 missing arguments, 300 uses": (
        lambda: (
            f"{HEAD}blocks: {{b: {{arguments: {{{', '.join(f'a{i}: ' for i in range(3000))}}}, layers: [relu]}}}}\n"
            f"layers: [{'b: , ' * 300}]\n"
        ),
        {"missing-field"},
    ),
    "a wrong list of 100,000, 200,000 times": (
        lambda: f"{HEAD}layers:\n  - conv2d: {{filters: 1, kernel: [{'1, ' * 100_000}]}}\n    repeat: 200000\n",
        {"invalid-field", "too-many-layers"},
    ),
    "a tensor of 300,000 rows for one": (
        lambda: f"{FLAT}layers: [dense: 1]\nweights: {{dense: {{weight: [{'[1], ' * 100_000}]}}}}\n",
        {"pinned-shape"},
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_refused_in_bounded_time_and_memory(name: str) -> None:
    text, expected = HOSTILE[name]
    done = run("analyze", "-", "--format", "csv", "--columns", "macs", stdin=text().encode())
    assert set(rules(done)) == expected


def test_of_very_many_errors_the_first_are_shown() -> None:
    done = run("analyze", "-", stdin=(HEAD + "layers:\n" + "  - rleu\n" * 10_000).encode())
    assert len(rules(done)) == 50
    assert done.stderr.decode().splitlines()[-1] == "… and 9,950 more"


def test_in_json_all_errors_are_told() -> None:
    done = run("analyze", "-", "--format", "json", stdin=(HEAD + "layers:\n" + "  - rleu\n" * 1000).encode())
    rules(done)
    (spec,) = json.loads(done.stdout)["specs"]
    assert [each["line"] for each in spec["diagnostics"]] == list(range(4, 1004))


# --- Large, but nothing wrong ----------------------------------------------------------------------------------------

LARGE: dict[str, Callable[[], str]] = {
    "a chain of 20,000 layers by name": lambda: (
        HEAD
        + "layers:\n"
        + many(20_000, lambda i: f"  - relu:\n    name: r{i}\n    from: {f'r{i - 1}' if i else 'x'}\n")
    ),
    "5,000 inputs": lambda: (
        "archspec: 1\ninputs:\n"
        + many(5000, lambda i: f"  x{i}: [3]\n")
        + f"layers:\n  - concat:\n    from: [{', '.join(f'x{i}' for i in range(5000))}]\n"
    ),
    "a chain of 5,000 shares": lambda: (
        f"{FLAT}layers:\n  - dense: 1\n    name: d0\n"
        + many(5000, lambda i: f"  - dense:\n    share: d{i}\n    name: d{i + 1}\n")
    ),
    "a chain of 2,000 shared blocks": lambda: (
        f"{FLAT}blocks: {{b: {{layers: [dense: 1]}}}}\nlayers:\n  - b:\n    name: d0\n"
        + many(2000, lambda i: f"  - b:\n    share: d{i}\n    name: d{i + 1}\n")
    ),
    "numbers that go on from among 100,000 taken ones": lambda: (
        f"{HEAD}layers:\n  - relu:\n    name: x1\n  - layers: [relu]\n    repeat: 100000\n"
        + many(998, lambda i: f"  - relu:\n    name: x0{i + 2}\n  - relu\n")
    ),
    "blocks 200 deep": lambda: blocks(200, "relu", "%"),
    "an output named 10,000 times": lambda: f"{HEAD}outputs: [{'relu, ' * 10_000}]\nlayers: [relu]\n",
    "a name of 1 MB for the network": lambda: f"{HEAD}name: {'a' * 10**6}\nlayers: [relu]\n",
    "5 MB of empty lines": lambda: HEAD + "layers: [relu]\n" + "\n" * 5_000_000,
    "CRLF": lambda: (HEAD + "layers:\n  - relu\n").replace("\n", "\r\n"),
}


@pytest.mark.parametrize("name", LARGE)
def test_what_is_only_large_is_analyzed(name: str) -> None:
    done = run("analyze", "-", "--format", "csv", "--columns", "macs,activations", stdin=LARGE[name]().encode())
    assert (done.returncode, done.stderr) == (0, b"")


def test_sizes_beyond_64_bits_are_counted_exactly() -> None:
    n = 10**17
    text = f"archspec: 1\ninputs: {{x: [{n}, 8, 8]}}\nlayers:\n  - conv2d: {{filters: {n}, kernel: 3}}\n  - flatten\n"
    done = run("analyze", "-", "--format", "json", stdin=f"{text}  - dense: {n}\n".encode())
    (spec,) = json.loads(done.stdout)["specs"]
    assert done.returncode == 0
    assert spec["totals"]["parameters"] == (9 * n * n + n) + (36 * n * n + n)
    assert spec["totals"]["macs"] == 36 * n * 9 * n + 36 * n * n


# --- Whatever the text -----------------------------------------------------------------------------------------------

TEXTS = [
    re.sub(r"(?m)^#.*\n", "", path.read_text(encoding="utf-8"))
    for folder in ("specs", "tests/passes/cases", "tests/broken")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
]
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
VALUES = [
    "0",
    "-1",
    "1e3",
    "2.5",
    "true",
    "no",
    "null",
    "''",
    "[]",
    "{}",
    "=1//0",
    "=i",
    "=9**9**9",
    "10**9",
    "1000000000000000000",
    "same",
    "[1,2]",
    "[[1,2],[3,4]]",
    "é",
    "/",
    "a/b",
]
WORDS = [
    "input",
    "previous",
    "image",
    "x",
    "conv2d",
    "dense",
    "relu",
    "add",
    "unit",
    "name",
    "from",
    "repeat",
    "share",
    "frozen",
    "layers",
    "blocks",
    "inputs",
]


class Mutations:
    """Changes to a text, each of which leaves most of it as it is."""

    def __init__(self, randomness: random.Random) -> None:
        self.random = randomness

    def mutated(self, text: str) -> str:
        for _ in range(self.random.choice((1, 1, 1, 2, 3, 6))):
            change = self.random.choice((self._lines, self._tokens, self._tokens))
            text = change(text)
        return text

    def _lines(self, text: str) -> str:
        lines = text.split("\n")
        at = self.random.randrange(len(lines))
        match self.random.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(self.random.randrange(len(lines) + 1), lines[at])
            case 2:
                lines[at] = f"  {lines[at]}"
            case 3:
                lines[at] = lines[at][2:]
            case 4:
                lines.insert(at, self.random.choice(self.random.choice(TEXTS).split("\n")))
            case _:
                other = self.random.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
        return "\n".join(lines)

    def _tokens(self, text: str) -> str:
        tokens = TOKEN.findall(text)
        places = [index for index, token in enumerate(tokens) if token.strip()]
        if not places:
            return text
        at = self.random.choice(places)
        match self.random.randrange(6):
            case 0:
                del tokens[at]
            case 1:
                tokens.insert(at, tokens[at])
            case 2:
                tokens[at] = self.random.choice(VALUES)
            case 3:
                tokens[at] = self.random.choice(WORDS)
            case 4:
                tokens[at] = "".join(self.random.sample(tokens[at], len(tokens[at])))
            case _:
                tokens[at] = tokens[self.random.choice(places)]
        return "".join(tokens)


NAMES = st.sampled_from(["a", "b", "c", "x", "y", "u", "v", "input", "previous", "a/relu", "u/a", "relu", "u_2", "zz"])
NUMBERS = st.sampled_from(["0", "1", "2", "3", "-1", "=n", "=i", "=m", "=n // 2", "=1 // 0", "2.5", "two", "[1, 2]"])
TYPES = st.sampled_from(
    [
        "relu",
        "tanh",
        "flatten",
        "add",
        "concat",
        "dense",
        "conv2d",
        "conv1d",
        "max_pool2d",
        "batch_norm",
        "u",
        "v",
        "w",
        "upsample",
        "softmax",
        "input",
        "rleu",
    ]
)
FIELDS = st.dictionaries(
    st.sampled_from(["units", "filters", "kernel", "stride", "padding", "m", "k", "groups", "axis", "bias", "rate"]),
    NUMBERS,
    max_size=3,
)


def _flow(fields: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in fields.items()) + "}"


def _entry(type_: str, fields: str, beside: dict[str, str]) -> str:
    return _flow({type_: fields, **beside})


BESIDE = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES,
        "from": st.one_of(NAMES, st.lists(NAMES, max_size=3).map(lambda names: f"[{', '.join(names)}]")),
        "repeat": NUMBERS,
        "counter": st.sampled_from(["i", "n", "k"]),
        "share": NAMES,
        "frozen": st.sampled_from(["true", "false", "=n > 1", "yes"]),
    },
)
LAYERS = st.builds(_entry, TYPES, st.one_of(FIELDS.map(_flow), NUMBERS, st.just("")), BESIDE)
ENTRIES = st.recursive(
    st.one_of(LAYERS, TYPES),
    lambda inner: st.builds(
        _entry, st.just("layers"), st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]"), BESIDE
    ),
    max_leaves=4,
)
LISTS = st.lists(ENTRIES, min_size=1, max_size=6).map(lambda each: f"[{', '.join(each)}]")
INPUTS = st.lists(NAMES, max_size=2).map(lambda names: f"[{', '.join(names)}]")
ARGUMENTS = st.dictionaries(st.sampled_from("nmk"), st.one_of(NUMBERS, st.just("")), max_size=2).map(_flow)
BLOCKS = st.dictionaries(
    st.sampled_from("uvw"),
    st.builds(
        lambda layers, rest: _flow({"layers": layers, **rest}),
        LISTS,
        st.fixed_dictionaries({}, optional={"inputs": INPUTS, "arguments": ARGUMENTS}),
    ),
    max_size=3,
).map(_flow)
SPECS = st.fixed_dictionaries(
    {
        "archspec": st.just("1"),
        "inputs": st.sampled_from(["{x: [3, 8, 8]}", "{x: [4]}", "{x: [3, 8, 8], y: [3, 8, 8]}", "{x: =n}"]),
        "blocks": BLOCKS,
        "layers": LISTS,
    },
    optional={
        "variables": st.sampled_from(["{n: 2, m: 0}", "{n: =m, m: 1}", "{n: [1, 2], m: wide}"]),
        "outputs": INPUTS,
        "weights": st.sampled_from(["{a: {weight: 1}}", "{u/dense: {weight: [[1, 2], [3]]}}"]),
        "expect": st.sampled_from(["{totals: {macs: 3}}", "{layers: {a: {parameters: =n}, u: {output_shape: [1]}}}"]),
    },
).map(lambda sections: "".join(f"{name}: {value}\n" for name, value in sections.items()))


def everything_said_of(text: str) -> Iterator[Diagnostic]:
    """What is found in reading, analyzing and checking a text, after all of it has been rendered in every form."""
    try:
        spec = parse_spec(text)
    except SpecError as error:
        yield from error.diagnostics
        return
    analyzed = analyze(spec)
    yield from analyzed.diagnostics
    if not analyzed.partial:
        assert len(analyzed.graph.layers) == len(spec.graph.layers)
        assert analyzed.graph.outputs
        yield from unmet(analyzed.facts, spec.expectations)
    for form in ("table", "json", "markdown", "csv", "latex"):
        if analyzed.graph.layers or form == "json":
            assert render(form, [analyzed], View(), Page(80, color=False))


def is_told_well(text: str) -> None:
    """Reads, analyzes and renders a text; whatever is wrong with it must be said with its place."""
    diagnostics = tuple(everything_said_of(text))
    for each in diagnostics:
        assert each.source is not None
        assert 1 <= each.source.line <= len(each.source.file.lines)
        assert each.source.column >= 1
        assert each.message
        assert len(each.message) < 1000
    as_text(diagnostics)
    json.dumps([as_data(each) for each in diagnostics])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TEXTS), st.integers(0, 2**32))
def test_a_changed_spec_is_read_or_told(text: str, seed: int) -> None:
    is_told_well(Mutations(random.Random(seed)).mutated(text))  # noqa: S311 - hypothesis shrinks the seed


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS)
def test_a_spec_put_together_at_random_is_read_or_told(text: str) -> None:
    is_told_well(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_told(text: str) -> None:
    is_told_well(text)
