"""Rules about receptive fields: what a designer may want to know of what a network sees."""

from archanalyzer.diagnostics.diagnostic import Rule, Severity

UNPRODUCTIVE_LAYER = Rule(
    "unproductive-layer",
    "a layer's window adds nothing that is not seen already",
    why="Where what a layer reads already sees more than there is of the input, its window takes in no context that is "
    "new. Such layers add little to a classifier's accuracy (Richter et al. 2021, arXiv:2106.12307). Of several ways, "
    "as through a skip, the narrowest decides.",
    bad="""\
archspec: 1
inputs: {image: [3, 32, 32]}
layers:
  - conv2d: {filters: 4, kernel: 3, padding: 1}
  - repeat: 4
    layers:
      - max_pool2d: 2
      - conv2d: {filters: 4, kernel: 3, padding: 1}
  - conv2d: {filters: 4, kernel: 3, padding: 1}
""",
    good="""\
archspec: 1
inputs: {image: [3, 96, 96]}
layers:
  - conv2d: {filters: 4, kernel: 3, padding: 1}
  - repeat: 4
    layers:
      - max_pool2d: 2
      - conv2d: {filters: 4, kernel: 3, padding: 1}
  - conv2d: {filters: 4, kernel: 3, padding: 1}
""",
    severity=Severity.ADVICE,
)

DROPPED_BY_A_STRIDE = Rule(
    "dropped-by-a-stride",
    "a stride leaves over the last positions of what a layer reads",
    why="A window stops where its next step would lead over the end. No output of the layer reads the rows or columns "
    "that are left over, and nothing says so: shapes fit all the same.",
    bad="""\
archspec: 1
inputs: {image: [3, 15, 16]}
layers:
  - conv2d: {filters: 4, kernel: 5, padding: 2}
  - max_pool2d: 2
""",
    good="""\
archspec: 1
inputs: {image: [3, 15, 16]}
layers:
  - conv2d: {filters: 4, kernel: 5, padding: 2}
  - max_pool2d: {kernel: 2, ceil_mode: true}
""",
    severity=Severity.ADVICE,
)

UNSEEN_POSITIONS = Rule(
    "unseen-positions",
    "no output sees some positions of an input",
    why="What no output sees cannot matter to it. Rows and columns fall off by a stride that stops before the end, a "
    "stride larger than its kernel without another way beside it, or a crop.",
    bad="""\
archspec: 1
inputs: {image: [3, 15, 15]}
layers:
  - conv2d: {filters: 4, kernel: 1, stride: 2}
""",
    good="""\
archspec: 1
inputs: {image: [3, 15, 15]}
layers:
  - conv2d: {filters: 4, kernel: 3, stride: 2}
""",
    severity=Severity.ADVICE,
)

UNEVEN_OVERLAP = Rule(
    "uneven-overlap",
    "a transposed convolution's outputs are sums of unequally many products",
    why="Where the kernel is not a multiple of the stride, some outputs take in more positions than their neighbours, "
    "in a pattern that repeats itself with the stride: over two axes, a checkerboard (Odena, Dumoulin & Olah 2016, "
    "Distill). That a convolution with kernel 3 and stride 2 reads some pixels more often than others is not told: it "
    "is so in every ResNet, and in most networks that work well.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv_transpose2d: {filters: 4, kernel: 3, stride: 2}
""",
    good="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv_transpose2d: {filters: 4, kernel: 4, stride: 2}
""",
    severity=Severity.ADVICE,
)

GRIDDING = Rule(
    "gridding",
    "what a position sees has gaps: a grid of positions, with others between them that it does not see",
    why="Through dilations with a common factor, an output sees only every so many pixels, and its neighbour only "
    "others, which shows as a grid (Wang et al. 2018, arXiv:1702.08502, section 3.2). A stride larger than its kernel "
    "leaves gaps, too.",
    bad="""\
archspec: 1
inputs: {image: [3, 32, 32]}
layers:
  - conv2d: {filters: 4, kernel: 3, dilation: 2, padding: 2}
  - conv2d: {filters: 4, kernel: 3, dilation: 2, padding: 2}
""",
    good="""\
archspec: 1
inputs: {image: [3, 32, 32]}
layers:
  - conv2d: {filters: 4, kernel: 3, dilation: 1, padding: 1}
  - conv2d: {filters: 4, kernel: 3, dilation: 2, padding: 2}
""",
    severity=Severity.ADVICE,
)

MISALIGNED_WAYS = Rule(
    "misaligned-ways",
    "ways that meet in a layer look at different places of the input",
    why="At one position, the layer joins what was seen around different centres, or at different strides: what "
    "belongs to different places of the input (Araujo, Norris & Sim 2019, Distill, on alignment). Ways that end at the "
    "same position, as those of causal layers do, are not meant. Behind an up-sampling, centres are compared on "
    "average over a period. What moves by no one stride is not compared: behind an up-sampling that keeps the corners, "
    "say, centres run ahead at one end and lag behind at the other, by as much.",
    bad="""\
archspec: 1
inputs: {image: [3, 32, 32]}
layers:
  - conv2d: {filters: 3, kernel: 3}
  - crop: {amount: [[0, 2], [0, 2]]}
    from: image
  - add:
    from: [conv2d, crop]
""",
    good="""\
archspec: 1
inputs: {image: [3, 32, 32]}
layers:
  - conv2d: {filters: 3, kernel: 3}
  - crop: {amount: 1}
    from: image
  - add:
    from: [conv2d, crop]
""",
    severity=Severity.ADVICE,
)
