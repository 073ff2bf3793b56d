"""What the loss does along the negative gradient, for people: predicted and true, rate by rate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from archanalyzer.executor.descending import Descent, Trial
from archanalyzer.executor.errors import NonFiniteError
from archanalyzer.report.run_pieces import GAP, columns, conditions, number, why, wrapped
from archanalyzer.report.text import escape

_UNKNOWN = "–"
_HEAD = ("γ", "loss", "predicted", "true change", "quotient")


def render(descent: Descent, name: str, path: str, width: int) -> str:
    """As text, lines as long as ``width`` where they can be."""
    under = conditions(descent.network, descent.data)
    lines = [f"{escape(name)}{GAP}{escape(path)}", *wrapped(under, width), ""]
    if descent.critical is not None:
        lines += [f"loss {number(descent.loss)}; all gradients are zero: there is no γ that descends"]
        lines += why(descent.critical, width)
    else:
        lines += [f"loss {number(descent.loss)}; ‖∇‖² {number(descent.squared_norm)}", ""]
        lines += [*columns(_HEAD, map(_row, descent.trials)), *_notes(descent, width), ""]
        lines += wrapped(_largest(descent), width)
    return "".join(f"{line}\n" for line in lines)


def _row(trial: Trial) -> tuple[str, ...]:
    begin = number(trial.rate)
    predicted = number(trial.predicted)
    if trial.loss is None or trial.change is None:
        found = trial.failure.found if isinstance(trial.failure, NonFiniteError) else "undefined"
        return begin, found, predicted, _UNKNOWN, _UNKNOWN
    quotient = number(trial.quotient) if trial.is_told and trial.quotient is not None else _UNKNOWN
    return begin, number(trial.loss), predicted, number(trial.change), quotient


def _notes(descent: Descent, width: int) -> Iterator[str]:
    """What the table leaves open: the first of the failures, and what rounding hides."""
    failed = next((trial for trial in descent.trials if trial.failure is not None), None)
    if failed is not None:
        yield f"γ = {number(failed.rate)}: {escape(str(failed.failure))}"
    if any(trial.failure is None and not trial.is_told for trial in descent.trials):
        eps = np.finfo(descent.network.dtype).eps
        hidden = f"{_UNKNOWN} a change so small that its quotient is lost in rounding"
        numbers = f"numbers of {descent.network.dtype} are {eps:.1e} of their size apart"
        yield from wrapped([hidden, numbers], width)


def _largest(descent: Descent) -> Iterator[str]:
    if descent.largest is not None:
        yield f"largest γ seen to descend: {number(descent.largest)}"
        return
    yield "none of these γ is seen to descend"
    yield "`--from` and `--factor` try others"
    if descent.network.dtype == np.float32 and any(not trial.is_told for trial in descent.trials):
        yield "`--dtype float64` tells smaller changes"
