"""The flow of a network in symbols, as every format shows it.

Numbers of layers are written as raised digits, those of units as lowered ones, both as characters: ``o₂¹`` is the
output of unit 2 of layer 1.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from archanalyzer.passes.drawing_flow import Flow, Letter, Part, Signal, Stage
from archanalyzer.report.text import escape

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SHOWN = 6
"""So many chains are all shown."""
_ERROR_OF_LOSS = {"half_squared_error": "{output} − {target}"}
"""∂ℓ/∂o of one sample, for losses of which it is as short as that."""


class Shape(Enum):
    """What an operator is drawn as."""

    MATRIX = "weights"
    SUM = "sum"
    FUNCTION = "activation"
    OTHER = "other"
    LOSS = "loss"


class Operator(NamedTuple):
    """One step of the way forward, and the one below it on the way back.

    ``name``: what stands small in the box; ``above``: what comes in from above. ``back``: None where the error goes
    through unchanged. ``tie``: what the way back takes over from the way forward here.
    """

    shape: Shape
    forward: str
    name: str = ""
    above: str = ""
    back: str | None = None
    tie: str = ""


class Cell(NamedTuple):
    """A layer, or the loss of an output, as it is drawn. ``sources`` are places of cells.

    ``signal``, ``error``: what stands at the lines behind it, empty where nothing has a name. ``arrives``, ``passes``:
    whether the error reaches it, and goes on. ``gradients``: those by its parameters.
    """

    layer: str
    sources: tuple[int, ...]
    operators: tuple[Operator, ...]
    signal: str = ""
    error: str = ""
    arrives: bool = False
    passes: bool = False
    gradients: tuple[str, ...] = ()


def cells(flow: Flow, unit: int | None = None) -> tuple[Cell, ...]:
    """The layers as cells, then the losses of the outputs; of one unit alone, counted from 1, of a diagonal network."""
    return _Words(flow, "" if unit is None else str(unit).translate(_LOWERED)).cells()


class _Words:
    def __init__(self, flow: Flow, unit: str) -> None:
        self.flow, self.unit = flow, unit

    def cells(self) -> tuple[Cell, ...]:
        layers = [self._cell(stage) for stage in self.flow.stages]
        return (*layers, *map(self._loss, self.flow.outputs))

    def symbol(self, letter: str, number: int | None, layer: str, unit: str | None = None) -> str:
        """``o¹``, ``o₂¹``, or, where no number says which, ``o(add)``."""
        lowered = self.unit if unit is None else unit
        return f"{letter}{lowered}{_raised(number)}" if number is not None else f"{letter}{lowered}({escape(layer)})"

    def _signal(self, signal: Signal | None, layer: str) -> str:
        if signal is None:
            return ""
        if signal.letter is Letter.INPUT and signal.number is not None:
            return f"x{self.unit}"
        text = self.symbol(signal.letter.value, signal.number, layer)
        return f"{text} = {self.symbol('o', signal.number, layer)}" if signal.is_output else text

    def _error(self, signal: Signal | None, layer: str) -> str:
        if signal is None:
            return ""
        if signal.letter is Letter.INPUT:
            return f"∂ℓ/∂{self._signal(signal, layer)}"
        text = self.symbol("δ" if signal.letter is Letter.NET else "ε", signal.number, layer)
        return f"{text} = {self.symbol('ε', signal.number, layer)}" if signal.is_output else text

    def _cell(self, stage: Stage) -> Cell:
        name = stage.layer.name
        return Cell(
            escape(name),
            stage.sources,
            tuple(self._operators(stage)),
            self._signal(stage.signal, name),
            self._error(stage.signal, name) if stage.arrives else "",
            stage.arrives,
            stage.passes,
            tuple(self._gradients(stage)) if stage.learns else (),
        )

    def _operators(self, stage: Stage) -> list[Operator]:
        type_ = escape(stage.layer.op.name)
        if stage.part is Part.INPUT:
            return []
        if stage.part is Part.WEIGHTS and stage.is_affine:
            weight = self._weight(stage)
            turned = weight if self.unit else f"({weight})ᵀ"
            matrix = Operator(Shape.MATRIX, weight, "" if self.unit else type_, back=turned)
            bias = Operator(Shape.SUM, "+", above=self.symbol("b", stage.weights_of, ""))
            return [matrix, bias] if stage.has_bias else [matrix]
        if stage.part is Part.ACTIVATION:
            slope = self.symbol("λ" if self.unit else "Λ", stage.number, stage.layer.name)
            argument = self.symbol("g", stage.number, "") if stage.number is not None else "·"
            return [Operator(Shape.FUNCTION, "σ", type_, back=slope, tie=f"σ′({argument})")]
        if stage.part is Part.WEIGHTS:
            label = self.symbol("f", stage.number, "")
            return [Operator(Shape.MATRIX, label, type_, back=f"(∂{label})ᵀ")]
        return [Operator(Shape.OTHER, type_, back="(∂f)ᵀ")]

    def _weight(self, stage: Stage) -> str:
        return self.symbol("w" if self.unit else "W", stage.weights_of, "", self.unit * 2)

    def _gradients(self, stage: Stage) -> list[str]:
        """By the weights and the bias; of what is no W·o + b, only that there are some."""
        if stage.part is not Part.WEIGHTS or not stage.is_affine:
            return [f"∂ℓ/∂(parameters of {escape(stage.layer.name)})"]
        error, read = self.symbol("δ", stage.number, ""), self._read(stage)
        equals = "=" if stage.number == stage.weights_of else "+="
        if self.unit:
            found = [f"∂ℓ/∂{self._weight(stage)} {equals} {error} · {read}"]
        elif stage.is_matrix:
            found = [f"∂ℓ/∂{self._weight(stage)} {equals} {error} · ({read})ᵀ"]
        else:
            found = [f"∂ℓ/∂{self.symbol('h', stage.weights_of, '')} {equals} E · vec({error} · ({read})ᵀ)"]
        if stage.has_bias:
            total = error if stage.bias_is_each else f"Σ {error}"
            found.append(f"∂ℓ/∂{self.symbol('b', stage.weights_of, '')} {equals} {total}")
        return found

    def _read(self, stage: Stage) -> str:
        """The signal that a layer reads, as far as it has a name."""
        source = self.flow.stages[stage.sources[0]]
        if source.signal is None:
            return "o"
        number = source.signal.number
        letter = "o" if source.signal.is_output else source.signal.letter.value
        return self.symbol(letter, number, source.layer.name)

    def _loss(self, output: int) -> Cell:
        stage = self.flow.stages[output]
        name = stage.layer.name
        number = stage.signal.number if stage.signal else None
        letter = stage.signal.letter.value if stage.signal and not stage.signal.is_output else "o"
        shown = self.symbol(letter, number, name)
        several = len(self.flow.outputs) > 1
        target = f"y{self.unit}({escape(name)})" if several else f"y{self.unit}"
        error = _ERROR_OF_LOSS.get(self.flow.loss or "", "∂ℓ/∂{output}").format(output=shown, target=target)
        back = error if stage.arrives else None
        operator = Operator(Shape.LOSS, "ℓ", escape(self.flow.loss or "loss"), target, back)
        return Cell("", (output,), (operator,), arrives=stage.arrives, passes=stage.arrives)


def shown_units(number: int) -> list[int]:
    """The units whose chains are shown: of many, the first two and the last."""
    return list(range(1, number + 1)) if number <= _SHOWN else [1, 2, number]


def _raised(number: int) -> str:
    return str(number).translate(_RAISED)


def legend(flow: Flow, *, diagonal: bool = False) -> list[str]:
    """What the symbols mean, of those that are there, in a few lines."""
    stages = flow.stages
    weighted = [stage for stage in stages if stage.part is Part.WEIGHTS]
    lines = ["upper row, forward: o outputs, W and b weights and biases, g = W·o + b net inputs, σ activations"]
    lines.append("lower row, back, from the loss ℓ: ε = ∂ℓ/∂o, δ = ∂ℓ/∂g, Λ the diagonal matrix of the slopes σ′(g)")
    if diagonal:
        lines[0] = "upper rows, forward: g = w·o + b in each unit for itself, as W has nothing beside its diagonal"
        lines[1] = (
            "lower rows, back, from the loss ℓ: ε = ∂ℓ/∂o, δ = ∂ℓ/∂g, λ = σ′(g); of δ·oᵀ, the diagonal alone is used"
        )
    if any(stage.signal and stage.signal.letter is Letter.INPUT for stage in stages):
        lines.append("x: what comes in, before it is what the first weights read")
    if any(stage.is_affine and not stage.is_matrix and stage.learns for stage in weighted):
        lines.append("W of a convolution: the matrix of its kernel h; E adds up what belongs to one number of h")
    if any(operator.back == "(∂f)ᵀ" for cell in cells(flow) for operator in cell.operators):
        lines.append("(∂f)ᵀ: the Jacobian of the layer above it, transposed")
    if any(stage.number != stage.weights_of for stage in weighted):
        lines.append("+=: layers that share weights add up their gradients")
    if any(stage.learns for stage in stages):
        lines.append("of one sample; a step of gradient descent is ΔW = −η·∂ℓ/∂W, Δb = −η·∂ℓ/∂b")
    return lines
