"""Every layer type through every generic check, on every one of its examples."""

from __future__ import annotations

import pytest

from archanalyzer import ops
from archanalyzer.testing import Check, checks_for

DECLARED = [ops.get(name) for name in ops.names() if name != "input"]


@pytest.mark.parametrize("check", [check for op in DECLARED for check in checks_for(op)], ids=str)
def test_generic(check: Check) -> None:
    check()
