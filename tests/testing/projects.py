"""Specs for tests of the pytest plugin, and how they are put into a project."""

from __future__ import annotations

import pytest

# 3·4·(3·3) + 4 = 112 parameters; 36 output positions · 108 weights = 3888 MACs.
GOOD = """\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: 4, kernel: 3}
  - relu
expect:
  totals: {parameters: 112, macs: 3888}
  layers:
    conv2d: {receptive_field: 3}
"""
PLAIN = GOOD.partition("expect:")[0]


def write(project: pytest.Pytester, **texts: str) -> None:
    folder = project.path / "specs"
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
