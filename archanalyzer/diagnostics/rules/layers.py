"""Rules about layers and what they read: shapes, channels, numbers of inputs."""

from archanalyzer.diagnostics.diagnostic import Rule

WRONG_NUMBER_OF_INPUTS = Rule(
    "wrong-number-of-inputs",
    "a layer reads more or fewer layers than its type takes",
    why="An addition of one thing, or a convolution of two, has no meaning; most often a `from:` is missing a name.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: 4, kernel: 1}
  - add
""",
    good="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: 3, kernel: 1}
  - add:
    from: [image, conv2d]
""",
)

WRONG_RANK = Rule(
    "wrong-rank",
    "a layer gets an input with the wrong number of axes",
    why="A two-axis convolution slides over height and width; a flat vector has neither.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - dense: 10
""",
    good="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - flatten
  - dense: 10
""",
)

KERNEL_LARGER_THAN_INPUT = Rule(
    "kernel-larger-than-input",
    "a kernel does not fit into its padded input",
    why="No position of the kernel lies inside the input, so the output would be empty.",
    bad="""\
archspec: 1
inputs: {image: [3, 4, 4]}
layers:
  - conv2d: {filters: 4, kernel: 5}
""",
    good="""\
archspec: 1
inputs: {image: [3, 4, 4]}
layers:
  - conv2d: {filters: 4, kernel: 5, padding: same}
""",
)

CHANNELS_NOT_DIVISIBLE = Rule(
    "channels-not-divisible",
    "channels or filters do not divide into the groups",
    why="Every group takes the same number of channels and makes the same number of filters.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: 4, kernel: 1, groups: 2}
""",
    good="""\
archspec: 1
inputs: {image: [4, 8, 8]}
layers:
  - conv2d: {filters: 4, kernel: 1, groups: 2}
""",
)
