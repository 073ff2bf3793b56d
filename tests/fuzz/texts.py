"""Texts at random: specs of this repository with changes, and specs put together from parts that may not fit."""

from __future__ import annotations

import random
import re
from pathlib import Path

from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
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
SILENCED = ["unused-block", "gridding, dead-layer", "expectation-failed", "no-such-rule", "unused-ignore", "", "a]["]
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
        match self.random.randrange(7):
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
            case 5:
                lines[at] += f"  # archanalyzer: ignore[{self.random.choice(SILENCED)}]"
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
