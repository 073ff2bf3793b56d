"""The generic checks of a layer type, for ours and for a plugin's alike; and the pytest plugin, in ``pytest_plugin``.

@pytest.mark.parametrize("check", checks_for(MyOp, MyKernel), ids=str)
def test_my_op(check):
    check()

For tests by hand, ``run_forward`` and ``run_backward`` call a kernel as the plan does, on arrays that are given. The
names below are imported when they are first used: pytest loads its plugin, and with it this module, in every project.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archanalyzer.testing.calling import input_gradients, run_backward, run_forward
    from archanalyzer.testing.cases import Case, case_named, case_of, cases_for, types_of
    from archanalyzer.testing.checks import Check, checks_for, checks_of_case
    from archanalyzer.testing.readings import Positions, positions, readings_by_position

_NAMES = {
    "calling": ("input_gradients", "run_backward", "run_forward"),
    "cases": ("Case", "case_named", "case_of", "cases_for", "types_of"),
    "checks": ("Check", "checks_for", "checks_of_case"),
    "readings": ("Positions", "positions", "readings_by_position"),
}
_MODULES = {name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names}

__all__ = [
    "Case",
    "Check",
    "Positions",
    "case_named",
    "case_of",
    "cases_for",
    "checks_for",
    "checks_of_case",
    "input_gradients",
    "positions",
    "readings_by_position",
    "run_backward",
    "run_forward",
    "types_of",
]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
