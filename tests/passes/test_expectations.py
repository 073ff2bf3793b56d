"""Expectations held against facts."""

from __future__ import annotations

from typing import Any

import pytest

from archanalyzer.diagnostics import Severity
from archanalyzer.graph import Expectation, Graph
from archanalyzer.passes import standard_passes
from archanalyzer.passes.expectations import hold, unmet
from archanalyzer.passes.expecting.comparing import Change
from archanalyzer.passes.facts import Facts
from tests import graphs


def told(graph: Graph, subject: str | None, fact: str, value: Any) -> str:
    """The message about an expectation; empty where it is kept."""
    expectation = Expectation(subject, fact, value, graphs.at(7))
    found = unmet(Facts(graph, standard_passes()), [expectation])
    assert all(diagnostic.source == expectation.source for diagnostic in found)
    return "".join(f"{each.rule.code}: {each.message}" + (f" ({each.hint})" if each.hint else "") for each in found)


def two_inputs() -> Graph:
    """``left`` is read through 3×5 with stride 1, ``right`` as it is."""
    build = graphs.Builder()
    left = build.input("left", 2, 8, 8)
    right = build.input("right", 2, 8, 8)
    convolved = build.add("conv2d", filters=2, kernel=(3, 5), padding="same", reads=(left,))
    build.add("add", reads=(convolved, right))
    return build.graph()


def upsampled() -> Graph:
    """Behind an up-sampling by 2, a 2×2 convolution sees one or two positions."""
    build = graphs.Builder()
    build.input("image", 1, 4, 4)
    build.add("conv_transpose2d", filters=1, kernel=(2, 2), stride=(2, 2))
    build.add("conv2d", filters=1, kernel=(2, 2))
    return build.graph()


@pytest.mark.parametrize(
    ("subject", "fact", "value"),
    [
        (None, "parameters", 390),
        (None, "peak_inference_bytes", 1344),
        ("dense", "macs", 128),
        ("stage", "parameters", 260),
        ("stage", "output_shape", [4, 4, 4]),
        ("stage", "output_shape", (4, 4, 4)),
        ("stage", "receptive_field", 5),
        ("stage", "receptive_field", [5, 5]),
        ("stage", "receptive_field", {"size": 5, "stride": 1, "offset": [0, 0]}),
        ("stage/conv2d", "weights", {"weight": [4, 3, 3, 3], "bias": [4]}),
        ("stage/conv2d", "receptive_field_stride", 1),
        ("stage/conv2d", "receptive_field_stride", 1.0),
        ("dense", "receptive_field", "all"),
        ("dense", "receptive_field", 8),
        (None, "parameters", "<= 390"),
        (None, "parameters", "> 389"),
        (None, "parameters", "0.39k"),
        (None, "parameters", "380..400"),
        (None, "parameters", "400 ± 3%"),
        (None, "parameters", {"at_most": 400, "slack": 10}),
        (None, "parameters", "_"),
        ("stage", "output_shape", ["_", ">= 4", "< 5"]),
        ("stage", "receptive_field", "<= 5"),
        ("stage", "receptive_field", ["_", "5..6"]),
        ("stage", "receptive_field", {"at_most": 6, "slack": 1}),
        ("stage", "receptive_field", {"size": "<= 300", "stride": {"at_most": 1}, "offset": "_"}),
        ("stage/conv2d", "receptive_field_stride", ">= 1/2"),
        ("stage/conv2d", "weights", {"weight": [4, "_", 3, "<= 3"], "bias": "_"}),
        ("stage*/", "parameters", 260),
        ("*/conv2d*", "parameters", "112..148"),
        ("**/relu", "parameters", 0),
        ("**", "receptive_field", "_"),
    ],
)
def test_kept(subject: str | None, fact: str, value: Any) -> None:
    assert told(graphs.small(), subject, fact, value) == ""


@pytest.mark.parametrize(
    ("subject", "fact", "value", "message"),
    [
        (None, "parameters", 389, "`totals.parameters`: expected 389, found 390 (1 more)"),
        (None, "macs", 15470264320, "`totals.macs`: expected 15,470,264,320, found 6,320 (15,470,258,000 fewer)"),
        ("stage", "output_shape", [4, 4], "`stage.output_shape`: expected [4, 4], found [4, 4, 4]"),
        ("stage", "receptive_field", 7, "`stage.receptive_field`: expected 7, found 5 (2 fewer)"),
        ("stage", "receptive_field", [5], "`stage.receptive_field`: expected [5], found height 5, width 5"),
        (None, "parameters", "< 390", "`totals.parameters`: expected less than 390, found 390"),
        (None, "parameters", "1k", "`totals.parameters`: expected 1,000, found 390 (610 fewer)"),
        (None, "parameters", "> 1k", "`totals.parameters`: expected more than 1,000, found 390 (610 fewer)"),
        (None, "parameters", "400 ± 2%", "`totals.parameters`: expected 400 ± 2%, found 390 (10 fewer)"),
        (
            None,
            "parameters",
            {"at_most": 500, "slack": "10%"},
            (
                "`totals.parameters`: expected at most 500 with a slack of 10%, "
                "found 390 (110 fewer), much better than expected: update it"
            ),
        ),
        (
            "stage",
            "output_shape",
            [4, "> 4", "_"],
            "`stage.output_shape`: expected [4, more than 4, _], found [4, 4, 4]",
        ),
        ("stage", "receptive_field", "<= 4", "`stage.receptive_field`: expected at most 4, found 5 (1 more)"),
        (
            "*/conv2d*",
            "parameters",
            112,
            "`*/conv2d*.parameters`: expected 112, found 148 (36 more) in `stage/conv2d_2`",
        ),
        (
            "**",
            "parameters",
            "< 100",
            (
                "`**.parameters`: expected less than 100, found 112 (12 more) in `stage/conv2d`, "
                "and another value in 2 more of 6"
            ),
        ),
        ("stage", "receptive_field", "all", '`stage.receptive_field`: expected "all", found 5'),
        (
            "stage",
            "receptive_field",
            {"stride": 2},
            "`stage.receptive_field`: expected stride 2, found stride 1 (1 fewer)",
        ),
    ],
)
def test_failed(subject: str | None, fact: str, value: Any, message: str) -> None:
    assert told(graphs.small(), subject, fact, value) == f"expectation-failed: {message}"


@pytest.mark.parametrize(
    ("subject", "fact", "message"),
    [
        (None, "parameter", "`totals.parameter`: there is no such total (did you mean `parameters`"),
        ("stage", "mac", "`stage.mac`: there is no such fact about a block (did you mean `macs`"),
        ("stage", "weights", "`stage.weights`: there is no such fact about a block (facts: `weight_parameters`"),
        ("dense", "mac", "`dense.mac`: there is no such fact about a layer (did you mean `macs`"),
        ("dens", "macs", "there is no layer or block `dens` (did you mean `dense`"),
        ("den*", "mac", "`den*.mac`: there is no such fact about a layer (did you mean `macs`"),
        (
            "stage*",
            "macs",
            "no layer or block has a name like `stage*` (there are blocks of such names: write `stage*/`)",
        ),
        ("conv*", "macs", "no layer or block has a name like `conv*` (`*` stands for any"),
        ("*/", "weights", "`*/.weights`: there is no such fact about a block"),
    ],
)
def test_unknown(subject: str | None, fact: str, message: str) -> None:
    assert told(graphs.small(), subject, fact, 1).startswith(f"unknown-expectation: {message}")


def test_an_unknown_part_of_a_field() -> None:
    text = told(graphs.small(), "stage", "receptive_field", {"sise": 5})
    assert text.startswith("unknown-expectation: `stage.receptive_field`: `sise` is neither a part")
    assert "did you mean `size`" in text


@pytest.mark.parametrize(
    ("subject", "fact", "value", "found"),
    [
        (None, "macs", 3888, "at least 3,888, of which a part is not known"),
        ("mystery", "macs", 0, "what is not known"),
        ("mystery", "receptive_field", 3, "what is not known"),
    ],
)
def test_what_is_not_known_keeps_nothing(subject: str | None, fact: str, value: int, found: str) -> None:
    assert told(graphs.with_mystery(), subject, fact, value).endswith(f"found {found}")


@pytest.mark.parametrize("value", [">= 3_888", "> 3_887", {"at_least": 3000}])
def test_a_lower_bound_keeps_what_only_asks_for_so_much(value: Any) -> None:
    assert told(graphs.with_mystery(), None, "macs", value) == ""


@pytest.mark.parametrize("value", [">= 3_889", "<= 1M", "3_888..1M", {"at_least": 3000, "slack": 10_000}])
def test_a_lower_bound_keeps_nothing_that_the_unknown_part_may_break(value: Any) -> None:
    assert "found at least 3,888, of which a part is not known" in told(graphs.with_mystery(), None, "macs", value)


@pytest.mark.parametrize(
    ("subject", "fact", "value", "message"),
    [
        ("stage", "output_shape", "<= 4", 'expected a list of numbers, found "<= 4"'),
        ("stage", "output_shape", [4, "4..3", 4], "no number is 4 to 3"),
        ("stage", "receptive_field", {"size": "5.."}, "expected a bound such as"),
        (
            "stage",
            "receptive_field",
            [5, "5"],
            'expected a number, a bound, a list of them, `all`, or a map, found [5, "5"]',
        ),
        (None, "parameters", {"at_most": "x"}, "expected a number, such as"),
        (None, "parameters", ["<= 4"], 'expected a number or a bound, found ["<= 4"]'),
        (None, "parameters", {}, "expected a number or a bound, found {}"),
    ],
)
def test_a_bound_that_nothing_could_keep(subject: str | None, fact: str, value: Any, message: str) -> None:
    found = told(graphs.small(), subject, fact, value)
    assert found.startswith(f"impossible-expectation: `{subject or 'totals'}.{fact}`: {message}")


def changes(subject: str | None, fact: str, value: Any, graph: Graph | None = None) -> tuple[tuple[Change, ...], str]:
    """What would have to be written so that an expectation of the small network is kept; or why nothing helps."""
    (judged,) = hold(
        graphs.analyzed(graph or graphs.small(), (Expectation(subject, fact, value, graphs.at(7)),))
    ).judged
    return judged.changes, judged.stuck


@pytest.mark.parametrize(
    ("subject", "fact", "value", "path", "new", "number"),
    [
        (None, "parameters", 389, (), 390, None),
        (None, "parameters", "<= 389", (), 390, 0),
        (None, "parameters", "< 390", (), 391, 0),
        (None, "parameters", "> 390", (), 389, 0),
        (None, "parameters", "1..5", (), 390, 1),
        (None, "parameters", "500..900", (), 390, 0),
        (None, "parameters", "1 ± 10%", (), 390, 0),
        (None, "parameters", {"at_most": 1000, "slack": 1}, ("at_most",), 390, None),
        ("stage", "output_shape", [4, 5, "_"], (1,), 4, None),
        ("stage", "output_shape", [4, 5], (), [4, 4, 4], None),
        ("stage", "receptive_field", 7, (), 5, None),
        ("stage", "receptive_field", "all", (), 5, None),
        ("stage", "receptive_field", {"size": 5, "stride": [1, 2]}, ("stride", 1), 1, None),
        ("stage", "receptive_field", {"image": {"size": "< 5"}}, ("image", "size"), 6, 0),
        ("stage/conv2d", "weights", {"weight": [4, 3, 3, 3], "bias": [5]}, ("bias", 0), 4, None),
        ("stage/conv2d", "weights", {"weight": [4, 3, 3, 3]}, (), {"weight": [4, 3, 3, 3], "bias": [4]}, None),
        ("*/conv2d*", "parameters", "<= 100", (), 148, 0),
        ("*/conv2d*", "parameters", "> 130", (), 111, 0),
        ("stage*/", "parameters", 1, (), 260, None),
    ],
)
def test_what_to_write_instead(
    subject: str | None, fact: str, value: Any, path: tuple[str | int, ...], new: Any, number: int | None
) -> None:
    assert changes(subject, fact, value) == ((Change(path, new, number),), "")


def test_a_pattern_of_layers_that_differ_has_no_one_value() -> None:
    assert changes("*/conv2d*", "parameters", 112) == ((), "the layers that it means differ in this")
    assert changes("dense", "receptive_field_stride", 1) == ((), "what is found is not known")


def test_too_many_names_are_not_compared_with_patterns() -> None:
    graph = graphs.repeated(2000)
    patterns = [Expectation(f"*{number}x", "macs", 1, graphs.at(number + 1)) for number in range(1200)]
    found = unmet(Facts(graph, standard_passes()), patterns)
    assert found[0].message == "no layer or block has a name like `*0x`"
    assert "comparing them takes more than 2,000,000 steps" in found[-1].message


def test_fields_by_axis_and_by_input() -> None:
    graph = two_inputs()
    assert told(graph, "add", "receptive_field", {"left": [3, 5], "right": 1}) == ""
    assert told(graph, "add", "receptive_field", [3, 5, 1, 1]) == ""
    assert told(graph, "add", "receptive_field", {"left": {"size": 3}, "right": 1}) != ""
    assert told(graph, "conv2d", "receptive_field", 5).endswith("expected 5, found height 3 (2 fewer), width 5")


ABOVE_EACH_OTHER = "expected [at most 2, at most 5], found height 3 (1 more), width 5"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("<= 4", "expected at most 4, found height 3, width 5 (1 more)"),
        ({"at_most": 4}, "expected at most 4, found height 3, width 5 (1 more)"),
        (["<= 2", "<= 5"], ABOVE_EACH_OTHER),
        ([{"at_most": 2}, {"at_most": 5}], ABOVE_EACH_OTHER),
        ("< 3", "expected less than 3, found height 3, width 5 (2 more)"),
        ("4 ± 0.5", "expected 4 ± 0.5, found height 3 (1 fewer), width 5 (1 more)"),
        (["_", ">= 6"], "expected [_, at least 6], found height 3, width 5 (1 fewer)"),
        ({"size": ["<= 3", "<= 4"]}, "expected size [at most 3, at most 4], found size height 3, width 5 (1 more)"),
        ({"left": "<= 2"}, "expected left at most 2, found height 3 (1 more), width 5 (3 more)"),
        ({"stride": 1, "size": 3}, "expected stride 1, size 3, found stride 1; size height 3, width 5 (2 more)"),
        ("all", 'expected "all", found height 3, width 5'),
        (
            {"at_most": 20, "slack": "10%"},
            (
                "expected at most 20 with a slack of 10%, "
                "found height 3, width 5 (15 fewer), much better than expected: update it"
            ),
        ),
        (
            [{"at_most": 3, "slack": 1}, {"at_most": 9, "slack": 1}],
            (
                "expected [at most 3 with a slack of 1, at most 9 with a slack of 1], "
                "found height 3, width 5 (4 fewer), much better than expected: update it"
            ),
        ),
    ],
)
def test_what_each_axis_misses(value: Any, message: str) -> None:
    """A kernel of 3 by 5 over an input."""
    assert told(two_inputs(), "conv2d", "receptive_field", value).endswith(f"`conv2d.receptive_field`: {message}")


def test_axes_of_several_inputs_are_named_with_them() -> None:
    message = "expected at most 4, found left height 3, left width 5 (1 more), right height 1, right width 1"
    assert told(two_inputs(), "add", "receptive_field", "<= 4").endswith(message)


def test_what_each_size_of_a_shape_misses() -> None:
    message = "`stage.output_shape`: expected [at most 3, _, at least 6], found [4 (1 more), 4, 4 (2 fewer)]"
    assert told(graphs.small(), "stage", "output_shape", ["<= 3", "_", ">= 6"]).endswith(message)


def test_a_budget_for_all_axes_is_held_by_the_largest() -> None:
    """5 of 3 by 5 uses up a budget of 5; that 3 is far below it is not to be told, and cannot be mended."""
    graph = two_inputs()
    for budget in ({"at_most": 5, "slack": 1}, {"at_most": 6, "slack": 1}, {"at_least": 3, "slack": 0}):
        assert told(graph, "conv2d", "receptive_field", budget) == ""
        assert told(graph, "conv2d", "receptive_field", {"size": budget}) == ""
    assert told(graph, "conv2d", "receptive_field", {"at_most": 7, "slack": 1}) != ""
    assert changes("conv2d", "receptive_field", {"at_most": 7, "slack": 1}, graph)[0] == ((("at_most",), 5, None),)


@pytest.mark.parametrize("value", [{"at_most": [3, 3]}, "<= [3, 3]"])
def test_how_to_write_a_bound_for_each_axis(value: Any) -> None:
    expectation = Expectation("conv2d", "receptive_field", value, graphs.at(1))
    (found,) = unmet(Facts(two_inputs(), standard_passes()), [expectation])
    assert found.hint == 'bounds for each axis stand in a list: `["<= 7", "<= 5"]`'


def test_a_truth_value_is_no_number() -> None:
    assert told(graphs.small(), "stage", "receptive_field", {"whole": False}) == ""
    assert told(graphs.small(), "stage", "receptive_field", {"whole": 0}) != ""
    assert told(graphs.small(), "stage", "receptive_field", {"stride": True}) != ""


def test_an_input_may_be_called_like_a_key_of_a_bound() -> None:
    build = graphs.Builder()
    build.input("at_most", 1, 8, 8)
    build.add("conv2d", filters=1, kernel=(3, 3))
    assert told(build.graph(), "conv2d", "receptive_field", {"at_most": 3}) == ""
    assert told(build.graph(), "conv2d", "receptive_field", {"at_most": 4}) != "", "a size, not a bound"


def test_where_positions_differ_a_number_is_the_largest_size() -> None:
    assert told(upsampled(), "conv2d", "receptive_field", 2) == ""
    assert told(upsampled(), "conv2d", "receptive_field", {"size": 2, "min_size": 1, "stride": "1/2"}) == ""
    assert told(upsampled(), "conv2d", "receptive_field_stride", 0.5) == ""
    assert told(upsampled(), "conv2d", "receptive_field", 1).endswith("found 1 to 2 (1 more), by position")


def test_a_network_without_axes_has_no_field_of_any_size() -> None:
    assert told(graphs.repeated(), "head", "receptive_field", 1).endswith("found no axis of any input")
    assert told(graphs.repeated(), "head", "receptive_field", []) == ""


def test_a_failure_is_an_answer_and_an_unknown_name_an_error() -> None:
    facts = Facts(graphs.small(), standard_passes())
    expectations = [Expectation(None, fact, 1, graphs.at(1)) for fact in ("macs", "mac")]
    assert [each.severity for each in unmet(facts, expectations)] == [Severity.FAILURE, Severity.ERROR]
