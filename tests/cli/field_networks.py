"""Networks that ``archanalyzer field`` is asked about."""

from __future__ import annotations

NET = """\
archspec: 1
name: net
inputs: {image: [1, 12, 10]}
variables: {kernel: 3}
blocks:
  stage:
    layers:
      - conv2d: {filters: 2, kernel: =kernel, padding: same}
      - relu
layers:
  - stage
  - max_pool2d: 2
  - flatten
  - dense: {units: 3, bias: false}
"""
LINE = """\
archspec: 1
inputs: {x: [1, 4]}
layers:
  - conv1d: {filters: 1, kernel: 3, bias: false}
weights: {conv1d: {weight: [[[1, -2, 0]]]}}
"""
