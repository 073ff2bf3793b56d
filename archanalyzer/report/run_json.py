"""What came of running a network as JSON, by the contract of the documentation: every number of every array."""

from __future__ import annotations

from typing import Any

from archanalyzer.executor.plan import BackwardStep, Buffer, FeedStep, LossStep, Plan, Step
from archanalyzer.executor.side_by_side import SideBySide
from archanalyzer.executor.trace import Traced
from archanalyzer.executor.training import Cause, Run, Standstill, StepReport
from archanalyzer.report.json_text import document


def render(run: Run, name: str, path: str) -> str:
    """One document; of a single sample that came without a batch axis, arrays have none either."""
    return document(_conditions(run, name, path) | _of_run(run))


def render_side_by_side(both: SideBySide, name: str, path: str) -> str:
    """One document: ``runs`` has for each what ``render`` has for one, ``steps`` how far apart they are."""
    entry = _conditions(both.first, name, path)
    steps = [
        {"number": step.first.number, "largest_difference": step.difference, "largest_parameter": step.largest}
        for step in both.steps
    ]
    return document({**entry, "steps": steps, "runs": [_of_run(run) for run in (both.first, both.second)]})


def _conditions(run: Run, name: str, path: str) -> dict[str, Any]:
    network, data = run.training.network, run.training.data
    return {
        "name": name,
        "path": path,
        "dtype": str(network.dtype),
        "seed": network.seed,
        "batch": data.batch,
        "data": list(data.origins),
        "loss": network.loss.name,
    }


def _of_run(run: Run) -> dict[str, Any]:
    optimizer = run.training.network.optimizer
    strip = not run.training.data.is_batch
    return {
        "optimizer": optimizer.name,
        "settings": optimizer.settings(),
        "start": [_array(array, strip=strip) for array in run.start],
        "steps": [_step(step, strip=strip) for step in run.steps] or _forward_step(run, strip=strip),
        "outputs": {name: (array[0] if strip else array).tolist() for name, array in run.outputs.items()},
        "final_loss": run.loss,
        "interrupted": run.is_interrupted,
        "failure": run.failure and {name: getattr(run.failure, name) for name in ("step", "layer", "what", "found")},
    }


def render_plan(plan: Plan, name: str, path: str) -> str:
    """The steps and buffers of a plan; bytes and shapes are those of one sample."""
    return document(
        {
            "name": name,
            "path": path,
            "bytes": plan.bytes,
            "live_bytes": plan.live_bytes,
            "steps": [_plan_step(number, step, plan) for number, step in enumerate(plan.steps)],
            "buffers": [_buffer(number, buffer, plan) for number, buffer in enumerate(plan.buffers)],
        }
    )


def _step(step: StepReport, *, strip: bool) -> dict[str, Any]:
    standstill = step.standstill
    return {
        "number": step.number,
        "loss": step.loss,
        "gradient_norm": step.gradient_norm,
        "arrays": [_array(array, strip=strip) for array in step.arrays],
        "standstill": standstill and why(standstill),
    }


def why(standstill: Standstill) -> dict[str, Any]:
    """Why all gradients are zero."""
    return {
        "cause": standstill.cause.value,
        "is_minimum": False if standstill.cause is Cause.BLOCKED else None,
        "dead_units": [{"layer": dead.layer, "units": list(dead.units), "of": dead.of} for dead in standstill.dead],
    }


def _forward_step(run: Run, *, strip: bool) -> list[dict[str, Any]]:
    """A forward step alone, where all its arrays are asked for, as a step with the number 0."""
    if not run.arrays:
        return []
    arrays = [_array(array, strip=strip) for array in run.arrays]
    return [{"number": 0, "loss": run.loss, "gradient_norm": None, "arrays": arrays, "standstill": None}]


def _array(traced: Traced, *, strip: bool) -> dict[str, Any]:
    value = traced.value[0] if strip and traced.has_batch else traced.value
    if value.dtype.kind == "f":
        value = value + 0.0  # -0 + 0 is 0
    return {"layer": traced.layer, "symbol": traced.symbol, "value": value.tolist()}


def _plan_step(number: int, step: Step, plan: Plan) -> dict[str, Any]:
    layers = plan.graph.layers
    entry: dict[str, Any] = {"number": number, "phase": step.phase}
    if not isinstance(step, LossStep):
        entry |= {"layer": layers[step.layer].name, "op": layers[step.layer].op.name}
    if not isinstance(step, FeedStep | LossStep):
        entry["algorithm"] = step.kernel.algorithm
    if isinstance(step, BackwardStep) and step.dw is not None:
        entry["weight_gradients"] = "added" if step.dw.added else "filled"
    added = [target.to for target in step.gradients() if target.added]
    return entry | {"reads": list(step.reads()), "fills": list(step.fills()), "adds_to": added}


def _buffer(number: int, buffer: Buffer, plan: Plan) -> dict[str, Any]:
    return {
        "number": number,
        "name": buffer.name,
        "layer": plan.graph.layers[buffer.layer].name,
        "shape": list(buffer.shape),
        "dtype": str(buffer.dtype),
        "bytes": buffer.bytes,
        "first_step": buffer.first,
        "last_step": buffer.last,
        "offset": buffer.offset if buffer.is_lasting else None,
    }
