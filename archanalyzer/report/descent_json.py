"""What the loss does along the negative gradient as JSON, by the contract of the documentation."""

from __future__ import annotations

from math import isfinite
from typing import Any

from archanalyzer.executor.descending import Descent, Trial
from archanalyzer.report.json_text import document
from archanalyzer.report.run_json import why


def render(descent: Descent, name: str, path: str) -> str:
    """One document; ``rates`` is empty at a critical point, and ``critical`` says why it is one."""
    network, data = descent.network, descent.data
    entry: dict[str, Any] = {
        "name": name,
        "path": path,
        "dtype": str(network.dtype),
        "seed": network.seed,
        "batch": data.batch,
        "data": list(data.origins),
        "loss": network.loss.name,
        "value": descent.loss,
        "squared_gradient_norm": descent.squared_norm,
        "rates": [_trial(trial) for trial in descent.trials],
        "largest_descending": descent.largest,
        "critical": descent.critical and why(descent.critical),
    }
    return document(entry)


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "rate": trial.rate,
        "predicted": trial.predicted if isfinite(trial.predicted) else None,
        "value": trial.loss,
        "change": trial.change,
        "quotient": trial.quotient,
        "is_told": trial.is_told,
        "descends": trial.descends,
        "failure": None if trial.failure is None else str(trial.failure),
    }
