"""Rules about layers and what they read: shapes, channels, numbers of inputs."""

from archanalyzer.diagnostics.diagnostic import Rule, Severity

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

WINDOW_IN_PADDING = Rule(
    "window-in-padding",
    "a window of a pool lies in the padding alone",
    why="A maximum or an average over nothing but padding is of nothing that came in.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - max_pool2d: {kernel: 2, padding: 2}
""",
    good="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - max_pool2d: {kernel: 2, padding: 1}
""",
)

PADDING_LARGER_THAN_INPUT = Rule(
    "padding-larger-than-input",
    "a border repeats more of the input than there is",
    why="Reflection has length − 1 positions to show, a circular border one whole length.",
    bad="""\
archspec: 1
inputs: {image: [3, 4, 4]}
layers:
  - pad: {amount: 4, mode: reflect}
""",
    good="""\
archspec: 1
inputs: {image: [3, 4, 4]}
layers:
  - pad: {amount: 3, mode: reflect}
""",
)

CROP_LARGER_THAN_INPUT = Rule(
    "crop-larger-than-input",
    "a crop takes away everything, or more than there is",
    why="A crop must leave at least one position, and cannot leave more than it was given.",
    bad="""\
archspec: 1
inputs: {image: [3, 4, 4]}
layers:
  - crop: 2
""",
    good="""\
archspec: 1
inputs: {image: [3, 4, 4]}
layers:
  - crop: 1
""",
)

SHAPES_DIFFER = Rule(
    "shapes-differ",
    "layers that are merged have shapes that do not go together",
    why="An addition needs an equal partner for every element; a concatenation, equal extents on all other axes.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: 3, kernel: 3}
  - add:
    from: [image, conv2d]
""",
    good="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: 3, kernel: 3, padding: same}
  - add:
    from: [image, conv2d]
""",
)

ELEMENTS_DIFFER = Rule(
    "elements-differ",
    "a reshape asks for more or fewer elements than there are",
    why="Reshaping only reads the same numbers in another arrangement.",
    bad="""\
archspec: 1
inputs: {image: [3, 4, 4]}
layers:
  - reshape: {shape: [5, -1]}
""",
    good="""\
archspec: 1
inputs: {image: [3, 4, 4]}
layers:
  - reshape: {shape: [6, -1]}
""",
)

UNPAIRED_UNPOOL = Rule(
    "unpaired-unpool",
    "an unpooling is not paired with a max-pool",
    why="Unpooling puts every value back where its max-pool had found the maximum; only that pool knows where.",
    bad="""\
archspec: 1
inputs: {image: [3, 4, 4]}
layers:
  - avg_pool2d: 2
  - max_unpool2d:
    from: [avg_pool2d, avg_pool2d]
""",
    good="""\
archspec: 1
inputs: {image: [3, 4, 4]}
layers:
  - max_pool2d: 2
  - max_unpool2d:
    from: [max_pool2d, max_pool2d]
""",
)

OUTPUT_TOO_LARGE = Rule(
    "output-too-large",
    "a layer's output has more elements than 64 bits can number",
    why="No machine can hold such an array; sizes that multiply from layer to layer would outgrow any time and memory.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - upsample: 1_000_000_000
  - upsample: 1_000_000_000
""",
    good="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - upsample: 1_000
  - upsample: 1_000
""",
)

TOO_MANY_AXES = Rule(
    "too-many-axes",
    "an input or an output has more axes than the limit",
    why="Nothing has a use for them, and what is known of each axis of each input is kept for every layer.",
    bad="""\
archspec: 1
inputs: {image: [3, 2, 2, 2, 2, 2, 2, 2, 2]}
layers:
  - relu
""",
    good="""\
archspec: 1
inputs: {image: [3, 16, 16]}
layers:
  - relu
""",
)

TOO_MANY_FIELDS = Rule(
    "too-many-fields",
    "a network has so many receptive fields that only the first ones are worked out",
    why="A layer has one for every axis of every input that it sees; thousands of inputs, each seen by thousands of "
    "layers, would fill the memory. Those that are left out are shown as not known.",
    severity=Severity.WARNING,
    unshown="the shortest example is far too long to show",
)
