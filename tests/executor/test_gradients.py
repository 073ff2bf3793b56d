"""Every layer type, every field varied: gradients against central differences, shapes and multiplications as stated."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archanalyzer import ops
from archanalyzer.executor.kernels import NOT_EXECUTABLE
from archanalyzer.testing import Case
from archanalyzer.testing.gradient_check import gradient
from archanalyzer.testing.kernel_checks import computed_shape, extras, multiplications
from tests.strategies import cases, covered

EXECUTABLE = tuple(name for name in ops.names() if name not in NOT_EXECUTABLE)
varied = settings(
    deadline=None, derandomize=True, database=None, max_examples=16, suppress_health_check=[HealthCheck.filter_too_much]
)


@pytest.mark.parametrize("name", EXECUTABLE)
@varied
@given(data=st.data())
def test_gradients(name: str, data: st.DataObject) -> None:
    case = data.draw(cases(name))
    computed_shape(case)
    extras(case)
    multiplications(case)
    gradient(case)


def test_every_layer_type_is_covered() -> None:
    assert covered() == set(EXECUTABLE)


@pytest.mark.parametrize("name", EXECUTABLE)
def test_every_field_is_varied(name: str) -> None:
    """Each takes two values at least, be they given or left out."""
    values: dict[str, set[Any]] = defaultdict(set)

    @settings(varied, max_examples=50)
    @given(cases(name))
    def collect(case: Case) -> None:
        for field in type(case.op).model_fields:
            values[field].add(getattr(case.op, field))

    collect()
    fields = set(ops.get(name).model_fields)
    assert {field for field in fields if len(values[field]) > 1} == fields
