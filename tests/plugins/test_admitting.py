"""Plugins are admitted whole or not at all, and what stands in the way of one is told once, by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from pydantic import Field

from archanalyzer import Column, Graph, Kind, Op, Plugin, Rollup, TensorType, Total, analysis, ops, passes, report
from archanalyzer.diagnostics import Diagnostic, Rule
from archanalyzer.diagnostics.rules import all_rules
from archanalyzer.executor import kernels
from archanalyzer.executor.kernel import Forward, Kernel
from archanalyzer.graph import Types
from archanalyzer.plugins import PluginsRefused, admitted
from archanalyzer.plugins.admitting import Admitted
from archanalyzer.plugins.finding import Found
from plugins import blur_pool
from plugins.blur_pool import BlurPool2d


class Answer(NamedTuple):
    values: tuple[int, ...]


class Other(NamedTuple):
    answer: Answer


class Missing(NamedTuple):
    pass


def ones(graph: Graph) -> Answer:
    """One for each layer."""
    return Answer((1,) * len(graph.layers))


def a_pass(name: str = "ones", run: Callable[..., Any] = ones, **parts: Any) -> Any:
    return analysis(name, **parts)(run)


def column(name: str = "one", **parts: Any) -> Column:
    return Column(name, name, "One.", lambda answer: list(answer.values), **parts)


class Double(Op):
    """Doubles."""

    name = "double"

    by: int = Field(2, description="A whole number.")

    def output_type(self, inputs: Types) -> TensorType:
        return inputs[0]


class DoubleKernel(Kernel[Double]):
    """Twice the input."""

    def forward(self, call: Forward) -> None:
        call.output[...] = self.op.by * call.x


RULE = Rule("too-double", "it is doubled", why="It need not be.", unshown="an example")


def render(analyzed: object, view: object, page: object) -> str:
    return "text\n"


def refused(*plugins: Any) -> list[tuple[str, str]]:
    """The rules and messages of what is told."""
    try:
        with admitted(*plugins):
            return []
    except PluginsRefused as error:
        return [(each.rule.code, each.message) for each in error.diagnostics]


def what_is_known() -> tuple[object, ...]:
    return ops.names(), passes.asked(), tuple(all_rules()), report.formats()


# --- Admitted


def test_every_part_is_known_as_long_as_the_plugin_is() -> None:
    before = what_is_known()
    asking = a_pass(columns=[column()])
    plugin = Plugin(
        "all",
        1,
        passes=(asking,),
        ops=(Double,),
        kernels={"double": DoubleKernel},
        rules=(RULE,),
        formats={"mine": render},
    )
    with admitted(plugin) as some:
        assert some.diagnostics == []
        assert ops.get("double") is Double
        assert ops.get("double").plugin == "all"
        assert issubclass(kernels.get("double"), DoubleKernel)
        assert passes.asked()[-1].name == "ones"
        assert passes.asked()[-1].plugin == "all"
        assert all_rules()["too-double"] is RULE
        assert report.render("mine", []) == "text\n"
    assert what_is_known() == before
    assert Double.plugin is None


def test_a_kernel_goes_with_its_plugin() -> None:
    with admitted(Plugin("with_kernel", 1, ops=[Double], kernels={"double": DoubleKernel})):
        assert issubclass(kernels.get("double"), DoubleKernel)
    with admitted(Plugin("without", 1, ops=[Double])), pytest.raises(KeyError):
        kernels.get("double")


def test_a_layer_type_is_left_as_it_was() -> None:
    """What is changed of a class while its plugin is known is as before when it is not."""
    before = dict(vars(BlurPool2d))
    with admitted(blur_pool.plugin):
        assert vars(BlurPool2d)["output_type"] is not before["output_type"]
    assert dict(vars(BlurPool2d)) == before


def test_one_that_is_found_twice_is_admitted_once() -> None:
    plugin = Plugin("p", 1, passes=(a_pass(),))
    assert refused(plugin, plugin) == []


def test_one_may_need_what_another_brings_whichever_comes_first() -> None:
    def other(answer: Answer) -> Other:
        return Other(answer)

    needy, needed = Plugin("needy", 1, passes=(a_pass("other", other),)), Plugin("needed", 1, passes=(a_pass(),))
    assert refused(needy, needed) == []
    assert refused(needed, needy) == []


# --- Refused, each for its own reason


def test_something_else_than_a_plugin() -> None:
    assert refused(7) == [("not-a-plugin", "`7`: expected a `Plugin`, found 7 (int)")]


@pytest.mark.parametrize("name", ["", "Mine", "a b", 3, None, "x" * 3 + "\n"])
def test_a_name_that_is_none(name: Any) -> None:
    ((rule, message),) = refused(Plugin(name, 1))
    assert rule == "not-a-plugin"
    assert "expected a name in small letters" in message


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_version_of_the_interface(version: Any) -> None:
    ((rule, message),) = refused(Plugin("old", version))
    assert rule == "plugin-version"
    assert "this is version 1" in message


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"passes": 3}, "`passes`: expected a list of functions made passes by `@analysis`, found 3 (int)"),
        ({"passes": [ones]}, "`passes`: expected a list of functions made passes by `@analysis`, found <function ones"),
        ({"ops": [int]}, "`ops`: expected a list of subclasses of `Op` with a `name`, found <class 'int'>"),
        ({"rules": ["x"]}, "`rules`: expected a list of rules made with `Rule`, found 'x'"),
        ({"formats": [render]}, "`formats`: expected a dict with names as keys"),
        ({"formats": {"x": 3}}, "`formats`: expected functions or classes, found 3 (int)"),
        ({"kernels": {"double": lambda: None}}, "`kernels`: there is no layer type `double` in `ops`"),
        ({"passes": [a_pass(columns=[3])]}, "pass `ones`: expected `Column`s and `Total`s, found 3 (int)"),
        ({"passes": [a_pass("Ones")]}, "expected the name of a pass, column or total in small letters"),
        (
            {"passes": [a_pass(columns=[column(kind=Kind.DATA)])]},
            "column `one` of kind DATA cannot be summed up over blocks",
        ),
    ],
)
def test_parts_that_are_not_what_they_should_be(parts: dict[str, Any], told: str) -> None:
    ((rule, message),) = refused(Plugin("wrong", 1, **parts))
    assert rule == "not-a-plugin"
    assert message.startswith(f"`wrong`: {told}")


def test_an_op_without_a_name() -> None:
    class Nameless(Op):
        """No name."""

    assert refused(Plugin("wrong", 1, ops=(Nameless,)))[0][0] == "not-a-plugin"


def test_annotations_that_cannot_be_read() -> None:
    def unreadable(graph: NoSuchThing) -> Answer:  # type: ignore[name-defined]  # noqa: F821
        return Answer(())

    def silent(graph: Graph):  # type: ignore[no-untyped-def]
        return Answer(())

    for run in (unreadable, silent):
        ((rule, message),) = refused(Plugin("wrong", 1, passes=(a_pass(run=run),)))
        assert rule == "not-a-plugin"
        assert "its annotations cannot be read" in message


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"passes": [a_pass("parameters")]}, "pass `parameters` comes from two passes"),
        ({"passes": [a_pass(columns=[column("macs")])]}, "column `macs` comes from two passes"),
        ({"passes": [a_pass(totals=[Total("flops", "f", "F.", len)])]}, "total `flops` comes from two passes"),
        ({"passes": [a_pass("windows")]}, "pass `windows` comes from two passes"),
        ({"passes": [a_pass(columns=[column("op", rollup=Rollup.NONE)])]}, "`op` cannot be the name of a pass, column"),
        ({"rules": [RULE._replace(code="wrong-rank")]}, "there is a rule `wrong-rank` already"),
        ({"formats": {"json": render}}, "there is a format `json` already"),
    ],
)
def test_names_that_are_taken(parts: dict[str, Any], told: str) -> None:
    ((rule, message),) = refused(Plugin("clashing", 1, **parts))
    assert rule == "plugin-clash"
    assert told in message
    assert "`clashing`" in message


def test_layer_types_of_one_name() -> None:
    class Relu(Double):
        """Another relu."""

        name = "relu"

    assert refused(Plugin("clashing", 1, ops=(Relu,))) == [
        ("plugin-clash", "`clashing`: there is a layer type `relu` already")
    ]


def test_one_that_is_in_use_already_is_no_clash_and_stays() -> None:
    plugin = Plugin("p", 1, passes=(a_pass(),))
    with admitted(plugin):
        with admitted(plugin) as inner:
            assert list(inner.plugins) == ["p"]
        assert passes.asked()[-1].name == "ones"
    assert passes.asked()[-1].plugin is None


def test_a_clash_is_raised_and_nothing_stays() -> None:
    before = what_is_known()
    sound = Plugin("sound", 1, passes=(a_pass(),))
    with (
        pytest.raises(PluginsRefused, match="there is a format `json` already"),
        admitted(sound, Plugin("clashing", 1, formats={"json": render})),
    ):
        pass
    assert what_is_known() == before


def test_two_plugins_of_one_name() -> None:
    assert refused(Plugin("p", 1, passes=(a_pass(),)), Plugin("p", 1)) == [
        ("plugin-clash", "`p`: there is a plugin `p` already, `p`")
    ]


def test_a_need_that_nobody_fills_names_what_there_is() -> None:
    def needing(missing: Missing) -> Answer:
        return Answer(())

    ((rule, message),) = refused(Plugin("needy", 1, passes=(a_pass(run=needing),)))
    assert rule == "plugin-need"
    assert "pass `ones` needs Missing, which no pass produces" in message
    assert "there is: Graph, " in message


def test_nothing_is_left_of_one_that_is_refused() -> None:
    before = what_is_known()
    plugin = Plugin("half", 1, passes=(a_pass("parameters"),), ops=(Double,), rules=(RULE,), formats={"mine": render})
    some = Admitted()
    some.admit([Found("`half`", plugin), Found("`good`", Plugin("good", 1))])
    assert [each.rule.code for each in some.diagnostics] == ["plugin-clash"]
    assert list(some.plugins) == ["good"]
    assert what_is_known() == before
    some.dismiss()


def test_what_was_not_found_is_told_with_the_rest() -> None:
    lost = Diagnostic(RULE, "lost")
    some = Admitted()
    some.admit([lost, Found("`good`", Plugin("good", 1))])
    assert some.diagnostics == [lost]
    assert list(some.plugins) == ["good"]
    some.dismiss()
