"""What a spec expects, and the numbers that it pins."""

from __future__ import annotations

import pytest

from archanalyzer.recipe import LOSSES, OPTIMIZERS, SETTINGS
from archanalyzer.spec import parse_spec
from tests.spec.specs import FLAT, said

DENSE = f"{FLAT}layers: [dense: 2]\n"


def test_expectations_are_read_with_their_places_totals_first() -> None:
    text = f"{FLAT}variables: {{n: 2}}\nlayers: [dense: =n]\nexpect:\n  layers:\n    dense: {{output_shape: [=n]}}\n"
    spec = parse_spec(f"{text}  totals: {{macs: =4 * n, parameters: 10}}\n")
    found = [(each.subject, each.fact, each.value, each.source.line) for each in spec.expectations]
    assert found == [(None, "macs", 8, 8), (None, "parameters", 10, 8), ("dense", "output_shape", [2], 7)]


def test_numbers_are_pinned_as_nested_lists() -> None:
    text = (
        f"{DENSE}variables: {{n: 1}}\nweights: {{dense: {{weight: [[=n, 2, 3, 4], [5, 6, 7.5, 8]], bias: [0, =-n]}}}}\n"
    )
    running = parse_spec(f"{text}data: {{inputs: {{x: [1, 2, 3, 4]}}, targets: {{dense: [0, 1]}}}}\n").running
    assert running.weights["dense"]["weight"].value == [[1, 2, 3, 4], [5, 6, 7.5, 8]]
    assert running.weights["dense"]["bias"].value == [0, -1]
    assert (running.inputs["x"].value, running.targets["dense"].value) == ([1, 2, 3, 4], [0, 1])


@pytest.mark.parametrize("value", ["[[1, 2], [3]]", "[1, [2]]", "[]", "[[], []]", "[true]", "[he]", "[null]", "{a: 1}"])
def test_what_is_no_array(value: str) -> None:
    (line,) = said(f"{DENSE}weights: {{dense: {{weight: {value}}}}}\n")
    assert line == "s:4:27 invalid-field: expected `weight` as numbers in lists of equal lengths"


def test_a_weight_is_pinned_by_a_number_or_an_initializer() -> None:
    running = parse_spec(f"{DENSE}weights: {{dense: {{weight: glorot, bias: 0.5}}}}\n").running
    assert {name: pinned.value for name, pinned in running.weights["dense"].items()} == {
        "weight": "glorot",
        "bias": 0.5,
    }
    assert said(f"{DENSE}weights: {{dense: {{weight: glorot, bias: 0.5}}}}\n") == []


INITIALIZERS_HINT = "`he`, `he_normal`, `he_uniform`, `glorot`, `glorot_normal`, `glorot_uniform`"


@pytest.mark.parametrize(
    ("weight", "line"),
    [
        (
            "he_norm",
            (
                "4:27 invalid-field: expected `weight` as numbers or as an initializer, found `he_norm` "
                "(did you mean `he_normal` or `he_uniform`?)"
            ),
        ),
        (
            "text",
            (
                "4:27 invalid-field: expected `weight` as numbers or as an initializer, found `text` "
                f"(initializers: {INITIALIZERS_HINT})"
            ),
        ),
        (
            "0, bias: he",
            "4:36 invalid-field: expected `bias` as numbers, found the initializer `he` (left out, it starts as 0)",
        ),
        ("[0]", "4:27 pinned-shape: expected `weight` with shape 2×4, found 1"),
    ],
)
def test_what_a_weight_is_not_pinned_by(weight: str, line: str) -> None:
    assert said(f"{DENSE}weights: {{dense: {{weight: {weight}}}}}\n") == [f"s:{line}"]


def test_initializers_are_for_weights_alone() -> None:
    (line,) = said(f"{DENSE}data: {{inputs: {{x: he}}}}\n")
    assert line == "s:4:20 invalid-field: expected `x` as numbers in lists of equal lengths, found `he`"


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training(loss: str, optimizer: str) -> None:
    text = f"{DENSE}variables: {{n: 2}}\ntraining: {{loss: {loss}, optimizer: {optimizer}, rate: =1 / n}}\n"
    running = parse_spec(text).running
    assert (running.loss, running.optimizer, running.rate) == (loss, optimizer, 0.5)


def test_nothing_is_said_of_training() -> None:
    running = parse_spec(DENSE).running
    assert (running.loss, running.optimizer, running.rate, running.initializer) == (None, None, None, None)
    assert (dict(running.settings), dict(running.weights)) == ({}, {})


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_takes_its_settings(optimizer: str) -> None:
    settings = {setting.name: 0.25 for setting in OPTIMIZERS[optimizer].settings}
    given = ", ".join(f"{name}: {value}" for name, value in settings.items())
    text = f"{DENSE}training: {{optimizer: {optimizer}, {given}}}\n"
    assert said(text) == []
    assert parse_spec(text).running.settings == settings


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_and_no_others(optimizer: str, name: str) -> None:
    lines = said(f"{DENSE}training: {{optimizer: {optimizer}, {name}: 0.5}}\n")
    if SETTINGS[name] in OPTIMIZERS[optimizer].settings:
        assert lines == []
    else:
        having = [each.name for each in OPTIMIZERS.values() if SETTINGS[name] in each.settings]
        hint = ", ".join(f"`{each}`" for each in having)
        place = f"s:4:{25 + len(optimizer)}"
        assert lines == [
            f"{place} unknown-field: `{optimizer}` has no field `{name}` (optimizers that have it: {hint})"
        ]


@pytest.mark.parametrize(
    ("training", "line"),
    [
        (
            "momentum: 0.9",
            (
                "4:12 unknown-field: `sgd`, the optimizer where none is given, has no field `momentum` "
                "(optimizers that have it: `momentum`, `momentum_unrolled`, `nesterov`)"
            ),
        ),
        ("optimizer: adamm, momentum: 0.9", "4:23 invalid-field: `optimizer` cannot be `adamm` (did you mean `adam`?)"),
        ("optimizer: [], beta1: 0.9", "4:23 wrong-kind: expected `optimizer` as text, found a list"),
        ("optimizer: adam, beta1: 1", "4:36 invalid-field: expected `beta1` as a number from 0 to below 1, found `1`"),
        ("optimizer: adam, epsilon: 0", "4:38 invalid-field: expected `epsilon` as a number above 0, found `0`"),
        ("weight_decay: -0.1", "4:26 invalid-field: expected `weight_decay` as a number, 0 or more, found `-0.1`"),
        ("initializer: hee", "4:25 invalid-field: `initializer` cannot be `hee` (did you mean `he`?)"),
        ("initializer: true", "4:25 invalid-field: expected `initializer` as a name or a number, found `true`"),
    ],
)
def test_what_is_wrong_with_training(training: str, line: str) -> None:
    assert said(f"{DENSE}training: {{{training}}}\n") == [f"s:{line}"]


@pytest.mark.parametrize(("written", "value"), [("he", "he"), ("0.5", 0.5), ("=1 / 4", 0.25), ("-1", -1.0)])
def test_an_initializer(written: str, value: str | float) -> None:
    assert parse_spec(f"{DENSE}training: {{initializer: {written}}}\n").running.initializer == value


@pytest.mark.parametrize(
    ("rate", "found"),
    [
        ("-1", "`-1`"),
        ("true", "`true`"),
        ("'1'", "`'1'` (in quotes it is text; write `1`)"),
        ("[1]", "`[1]`"),
        ("fast", "`fast`"),
    ],
)
def test_a_rate_is_a_number_from_0(rate: str, found: str) -> None:
    (line,) = said(f"{DENSE}training: {{rate: {rate}}}\n")
    assert line == f"s:4:18 invalid-field: expected `rate` as a number, 0 or more, found {found}"


def test_weights_of_blocks_are_named_in_full() -> None:
    text = f"{FLAT}blocks:\n  b: {{layers: [dense: 1]}}\nlayers: [b]\nweights: {{%s: {{weight: [[1, 2, 3, 4]]}}}}\n"
    assert list(parse_spec(text % "b/dense").running.weights) == ["b/dense"]
    assert said(text % "b") == ["s:6:11 unknown-layer: there is no layer `b` (did you mean `b/dense`?)"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"{DENSE}data: {{inputs: {{x: [[1, 2, 3, 4], [5, 6, 7, 8]]}}, targets: {{dense: [[1, 2], [3, 4]]}}}}", []),
        (f"{DENSE}data: {{inputs: {{x: [[1, 2, 3, 4]]}}, targets: {{dense: [1, 2]}}}}", []),
        (
            f"{DENSE}data: {{inputs: {{x: [[1, 2, 3, 4], [5, 6, 7, 8]]}}, targets: {{dense: [1, 2]}}}}",
            ["s:4:68 pinned-shape: expected `dense` in a batch of 2, as `x` is, found 1"],
        ),
        (
            f"{DENSE}data: {{inputs: {{x: [[1, 2], [5, 6]]}}}}",
            ["s:4:20 pinned-shape: expected `x` with shape 4, found 2×2 (a batch of N is N×4)"],
        ),
        (f"{DENSE}data: {{inputs: {{x: [1, 2]}}}}", ["s:4:20 pinned-shape: expected `x` with shape 4, found 2"]),
        (
            f"{DENSE}data: {{targets: {{dense: [[1, 2]]}}, inputs: {{x: [[1, 2, 3, 4], [5, 6, 7, 8]]}}}}",
            ["s:4:25 pinned-shape: expected `dense` in a batch of 2, as `x` is, found 1"],
        ),
    ],
)
def test_data_in_batches(text: str, lines: list[str]) -> None:
    assert said(f"{text}\n") == lines


def test_all_inputs_come_in_batches_of_the_same_length() -> None:
    layers = "layers:\n  - concat:\n    from: [x, y]\n"
    head = f"archspec: 1\ninputs: {{x: [2], y: [3]}}\n{layers}"
    assert said(f"{head}data: {{inputs: {{x: [[1, 2], [3, 4]], y: [[1, 2, 3]]}}}}\n") == [
        "s:6:41 pinned-shape: expected `y` in a batch of 2, as `x` is, found 1"
    ]


NO_CLASS = "invalid-field: expected a class of `dense` as a whole number from 0 to 1"


@pytest.mark.parametrize(
    ("inputs", "target", "lines"),
    [
        ("", "[0.5, 0.5]", []),
        ("", "1", []),
        ("x: [1, 2, 3, 4]", "1", []),
        ("x: [[1, 2, 3, 4]]", "[1]", []),
        ("x: [[1, 2, 3, 4], [5, 6, 7, 8]]", "[1, 0]", []),
        ("x: [[1, 2, 3, 4], [5, 6, 7, 8]]", "[[1, 0], [0.5, 0.5]]", []),
        ("", "2", [f"{NO_CLASS}, found 2 (`cross_entropy` counts classes from 0)"]),
        ("", "-1", [f"{NO_CLASS}, found -1 (`cross_entropy` counts classes from 0)"]),
        (
            "",
            "0.5",
            [f"{NO_CLASS}, found 0.5 (`cross_entropy` takes classes, or distributions over them with shape 2)"],
        ),
        # As many classes as there are samples; that it is a batch is told by the input.
        (
            "x: [[1, 2, 3, 4], [5, 6, 7, 8]]",
            "[0.5, 0.5]",
            [f"{NO_CLASS}, found 0.5 (`cross_entropy` takes classes, or distributions over them with shape 2)"],
        ),
        (
            "x: [[1, 2, 3, 4], [5, 6, 7, 8]]",
            "[1, 0, 1]",
            ["pinned-shape: expected `dense` in a batch of 2, as `x` is, found 3"],
        ),
        (
            "",
            "[[1, 2, 3]]",
            [
                (
                    "pinned-shape: expected `dense` with shape 2, or a class as a single number, found 1×3 "
                    "(a batch of N is N×2, or of classes N)"
                )
            ],
        ),
    ],
)
def test_classes_as_targets(inputs: str, target: str, lines: list[str]) -> None:
    text = f"{DENSE}training: {{loss: cross_entropy}}\ndata: {{inputs: {{{inputs}}}, targets: {{dense: {target}}}}}\n"
    assert [line.partition(" ")[2] for line in said(text)] == lines


@pytest.mark.parametrize(
    ("target", "lines"),
    [
        ("[[[1, 0]], [[0, 1]]]", []),
        ("[[1, 0]]", []),
        ("[[[1, 0]], [[0, 1]], [[1, 1]]]", []),
        ("[1, 0]", ["pinned-shape: expected `relu` with shape 2×1×2, or classes with shape 1×2, found 2"]),
        ("[[2, 0]]", [f"{NO_CLASS.replace('dense', 'relu')}, found 2 (`cross_entropy` counts classes from 0)"]),
    ],
)
def test_classes_at_positions(target: str, lines: list[str]) -> None:
    text = "archspec: 1\ninputs: {x: [2, 1, 2]}\nlayers: [relu]\ntraining: {loss: cross_entropy}\n"
    assert [line.partition(" ")[2] for line in said(f"{text}data: {{targets: {{relu: {target}}}}}\n")] == lines


def test_classes_are_for_losses_that_take_them() -> None:
    (line,) = said(f"{DENSE}training: {{loss: mean_squared_error}}\ndata: {{targets: {{dense: 1}}}}\n")
    wrong = "s:5:25 pinned-shape: expected `dense` with shape 2, found a single number"
    assert line == f"{wrong} (for classes as targets, let the loss be `cross_entropy`)"
    (line,) = said(f"{DENSE}data: {{targets: {{dense: [0, 1, 1]}}}}\n")
    assert line.endswith("found 3 (for classes as targets, let the loss be `cross_entropy`)")


@pytest.mark.parametrize("section", ["targets: {dense: 7}", "targets: {dense: 0.5}", "inputs: {x: 1}"])
def test_what_could_be_no_class_is_not_told_to_be_one(section: str) -> None:
    (line,) = said(f"{DENSE}data: {{{section}}}\n")
    assert line.endswith("found a single number")
