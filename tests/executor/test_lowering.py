"""Plans: which steps there are, what they read and fill, and what lives how long."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings

import archanalyzer
from archanalyzer.executor.plan import BackwardStep, Buffer, FeedStep, ForwardStep, LossStep, Plan, Step, Target
from archanalyzer.graph import Graph
from archanalyzer.passes import standard_passes
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.memory import Memory
from tests.executor.networks import SPECS, networks, plan_of
from tests.executor.test_plan import overlaps, rooms

planned = settings(deadline=None, derandomize=True, database=None, max_examples=150)


def require_sound(graph: Graph) -> None:
    """Plans of inference and of training: as much lives as the memory pass says, apart, in little more."""
    memory = Facts(graph, standard_passes()).result(Memory)
    for gradients, peak in ((False, memory.peak_inference_bytes), (True, memory.peak_training_bytes)):
        plan = plan_of(graph, gradients=gradients)
        buffers = list(plan.buffers)
        assert plan.live_bytes == peak
        assert overlaps(buffers) == []
        assert rooms(buffers) <= plan.bytes <= 1.5 * rooms(buffers)
        require_order(plan)


def require_order(plan: Plan) -> None:
    """Nothing is read before it is filled, nor after its last step."""
    filled: set[int] = set()
    for number, step in enumerate(plan.steps):
        assert set(step.reads()) <= filled
        for index in (*step.reads(), *step.fills()):
            assert plan.buffers[index].first <= number <= plan.buffers[index].last
        filled.update(step.fills())


@planned
@given(networks())
def test_as_much_lives_as_the_memory_pass_says(text: str) -> None:
    require_sound(archanalyzer.loads(text).graph)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_as_much_lives_in_the_specs(path: Path) -> None:
    require_sound(archanalyzer.load(path).graph)


def test_extras_are_counted_in_their_own_dtype() -> None:
    """In double precision, the positions of a max-pool stay eight bytes, a mask one."""
    text = "archspec: 1\ndtype: float64\ninputs: {x: [2, 8]}\nlayers: [conv1d: {filters: 2, kernel: 1}, dropout: 0.5, "
    require_sound(archanalyzer.loads(f"{text}max_pool1d: 2, relu]\n").graph)


# --- Step by step


def named(buffer: Buffer, graph: Graph) -> str:
    """x, ∂x, or what else of x."""
    layer = graph.layers[buffer.layer].name
    return {"output": layer, "gradient": f"∂{layer}"}.get(buffer.name, f"{buffer.name} of {layer}")


def told(plan: Plan) -> list[str]:
    """Each step in a line: the layer, what it reads → what it fills; + where it is added to what is there."""
    return [_line(step, plan) for step in plan.steps]


def _line(step: Step, plan: Plan) -> str:
    def names(indices: list[int]) -> str:
        return ", ".join(named(plan.buffers[index], plan.graph) for index in indices)

    fills = list(step.fills())
    added = [target.added for target in _targets(step) if target] or [False] * len(fills)
    filled = ", ".join("+" * more + names([index]) for index, more in zip(fills, added, strict=True))
    head = "loss" if isinstance(step, LossStep) else plan.graph.layers[step.layer].name
    if isinstance(step, BackwardStep) and step.dw is not None:
        owner = plan.graph.layers[step.dw.to].name
        filled = ", ".join(filter(None, (filled, "+" * step.dw.added + f"∂weights of {owner}")))
    return f"{head}: {names(list(step.reads()))} → {filled or 'nothing'}".replace(":  →", ": →")


def _targets(step: Step) -> tuple[Target | None, ...]:
    return step.by_output if isinstance(step, LossStep) else step.dx if isinstance(step, BackwardStep) else ()


def steps_of(layers: str, *, inputs: str = "x: [2, 8]", gradients: bool = True, more: str = "") -> list[str]:
    text = f"archspec: 1\ninputs: {{{inputs}}}\n{more}layers:\n{layers}"
    return told(plan_of(archanalyzer.loads(text).graph, gradients=gradients))


def test_a_chain() -> None:
    """The first layer's backward step gives no gradient by its input; a dense layer reads no output again."""
    assert steps_of("  - dense: 3\n  - relu\n  - dense: 2\n", inputs="x: [4]") == [
        "x: → x",
        "dense: x → dense",
        "relu: dense → relu",
        "dense_2: relu → dense_2",
        "loss: dense_2 → ∂dense_2",
        "dense_2: ∂dense_2, relu → ∂relu, ∂weights of dense_2",
        "relu: ∂relu, relu → ∂dense",
        "dense: ∂dense, x → ∂weights of dense",
    ]


def test_forward_alone() -> None:
    assert steps_of("  - dense: 3\n  - dropout: 0.5\n", inputs="x: [4]", gradients=False) == [
        "x: → x",
        "dense: x → dense",
    ]


def test_extras_are_filled_forward_and_read_backward() -> None:
    assert steps_of("  - conv1d: {filters: 2, kernel: 1}\n  - max_pool1d: 2\n  - dropout: 0.5\n")[2:] == [
        "max_pool1d: conv1d → max_pool1d, positions of max_pool1d",
        "dropout: max_pool1d → dropout, mask of dropout",
        "loss: dropout → ∂dropout",
        "dropout: ∂dropout, mask of dropout → ∂max_pool1d",
        "max_pool1d: ∂max_pool1d, positions of max_pool1d → ∂conv1d",
        "conv1d: ∂conv1d, x → ∂weights of conv1d",
    ]


def test_an_unpooling_reads_the_positions_of_its_pool() -> None:
    layers = (
        "  - max_pool1d: 2\n  - conv1d: {filters: 2, kernel: 1}\n  - max_unpool1d:\n    from: [conv1d, max_pool1d]\n"
    )
    assert steps_of(layers)[3:] == [
        "max_unpool1d: conv1d, max_pool1d, positions of max_pool1d → max_unpool1d",
        "loss: max_unpool1d → ∂max_unpool1d",
        "max_unpool1d: ∂max_unpool1d, positions of max_pool1d → ∂conv1d",
        "conv1d: ∂conv1d, max_pool1d → ∂weights of conv1d",
    ]


def test_views_have_no_steps() -> None:
    """Their readers read, and add their gradients to, the buffers of what is viewed."""
    layers = (
        "  - conv1d: {filters: 2, kernel: 1}\n  - identity\n  - flatten\n  - dense: 2\n  - flatten:\n    from: conv1d\n"
    )
    assert steps_of(layers, more="outputs: [dense, flatten_2]\n") == [
        "x: → x",
        "conv1d: x → conv1d",
        "dense: conv1d → dense",
        "loss: dense, conv1d → ∂dense, ∂conv1d",
        "dense: ∂dense, conv1d → +∂conv1d, ∂weights of dense",
        "conv1d: ∂conv1d, x → ∂weights of conv1d",
    ]


def test_gradients_of_several_readers_are_added() -> None:
    layers = (
        "  - conv1d: {filters: 2, kernel: 1}\n  - add:\n    from: [conv1d, conv1d]\n"
        "  - multiply:\n    from: [add, conv1d]\n"
    )
    assert steps_of(layers)[4:] == [
        "loss: multiply → ∂multiply",
        "multiply: ∂multiply, add, conv1d → ∂add, ∂conv1d",
        "add: ∂add → +∂conv1d, +∂conv1d",
        "conv1d: ∂conv1d, x → ∂weights of conv1d",
    ]


def test_frozen_layers_are_spared() -> None:
    """Before the first layer that learns there is no backward step; a frozen one behind it gives its input's alone."""
    conv = "conv1d: {filters: 2, kernel: 1}"
    layers = f"  - {conv}\n    frozen: true\n  - relu\n  - {conv}\n  - {conv}\n    frozen: true\n"
    assert steps_of(layers)[5:] == [
        "loss: conv1d_3 → ∂conv1d_3",
        "conv1d_3: ∂conv1d_3 → ∂conv1d_2",
        "conv1d_2: ∂conv1d_2, relu → ∂weights of conv1d_2",
    ]


def test_where_nothing_learns_there_is_no_backward_step() -> None:
    assert steps_of("  - relu\n  - tanh\n")[3:] == ["loss: tanh → nothing"]


def test_shared_weights_are_added_to_their_owners() -> None:
    layers = "  - dense: 4\n  - dense:\n    share: dense\n  - dense:\n    share: dense\n"
    assert [line for line in steps_of(layers, inputs="x: [4]") if "weights" in line] == [
        "dense_3: ∂dense_3, dense_2 → ∂dense_2, ∂weights of dense",
        "dense_2: ∂dense_2, dense → ∂dense, +∂weights of dense",
        "dense: ∂dense, x → +∂weights of dense",
    ]


def test_what_is_read_for_its_shape_alone_is_not_read() -> None:
    layers = (
        "  - conv1d: {filters: 2, kernel: 1}\n  - conv1d: {filters: 1, kernel: 3}\n"
        "  - crop_like:\n    from: [conv1d, conv1d_2]\n"
    )
    assert steps_of(layers, more="outputs: [crop_like, conv1d_2]\n")[3:] == [
        "crop_like: conv1d → crop_like",
        "loss: crop_like, conv1d_2 → ∂crop_like, ∂conv1d_2",
        "crop_like: ∂crop_like → ∂conv1d",
        "conv1d_2: ∂conv1d_2, conv1d → +∂conv1d, ∂weights of conv1d_2",
        "conv1d: ∂conv1d, x → ∂weights of conv1d",
    ]


def test_kept_buffers_all_have_places_of_their_own() -> None:
    graph = archanalyzer.load(SPECS[0]).graph
    plan = plan_of(graph, gradients=True, keep=True)
    places = sorted((each.offset, each.offset + each.room) for each in plan.buffers if each.is_lasting)
    assert all(before[1] <= after[0] for before, after in pairwise(places))
    assert plan.bytes == places[-1][1]
    assert told(plan) == told(plan_of(graph, gradients=True))


def test_steps_say_what_they_are() -> None:
    kinds = {FeedStep: "feed", ForwardStep: "forward", LossStep: "loss", BackwardStep: "backward"}
    plan = plan_of(archanalyzer.load(SPECS[0]).graph, gradients=True)
    assert {type(step): step.phase for step in plan.steps} == kinds
