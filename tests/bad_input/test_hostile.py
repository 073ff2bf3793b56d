"""Hostile texts, end to end: diagnostics and exit code 2, in bounded time and memory, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.bad_input.running import FLAT, HEAD, blocks, many, rules, run


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
    "sums of a long list, over and over": (
        lambda: (
            f"{HEAD}variables: {{a: [{'1, ' * 10_000}]}}\n"
            f"layers:\n  - conv2d: {{filters: '=i - i{' + sum(a)' * 48}', kernel: 1}}\n    repeat: 2000\n"
        ),
        {"too-much-arithmetic"},
    ),
    "a sum of 100,000": (
        lambda: f"{HEAD}variables: {{a: [{'1, ' * 100_000}], b: =sum(a)}}\nlayers: [relu]\n",
        {"expression-too-large"},
    ),
    "a long expression, 100,000 times": (
        lambda: f"{FLAT}layers:\n  - dense: =1{' + i - i' * 49}\n    repeat: 100000\n",
        {"too-much-arithmetic"},
    ),
    "100,000 expressions": (
        lambda: f"{HEAD}variables:\n  a: [{many(100_000, lambda i: f'={i}+1, ')}]\nlayers: [relu]\n",
        {"too-much-arithmetic"},
    ),
    "a name that there is not, 100,000 times": (
        lambda: f"{FLAT}layers:\n  - dense: =n\n    repeat: 100000\n",
        {"expression-name"},
    ),
    "64 axes and 100,000 layers": (
        lambda: f"archspec: 1\ninputs: {{x: [{'1, ' * 64}]}}\nlayers:\n  - relu:\n    repeat: 100000\n",
        {"too-many-axes"},
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
        {"too-many-axes"},
    ),
    "8 axes of 10**18": (
        lambda: f"archspec: 1\ninputs: {{x: [{'1000000000000000000, ' * 8}]}}\nlayers: [flatten]\n",
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
