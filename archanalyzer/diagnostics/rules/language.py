"""Rules about the spec language: sections, layers, names, blocks, sharing."""

from archanalyzer.diagnostics.diagnostic import Rule, Severity

_HEAD = "archspec: 1\ninputs: {image: [3, 8, 8]}\n"


def _spec(layers: str, *, more: str = "") -> str:
    return f"{_HEAD}{more}layers:\n{layers}"


UNKNOWN_KEY = Rule(
    "unknown-key",
    "a key stands where it means nothing",
    why="A key that nobody reads is nearly always a misspelt one, and the default would silently be used instead.",
    bad=_spec("  - relu\n", more="descripton: a network\n"),
    good=_spec("  - relu\n", more="description: a network\n"),
)
MISSING_KEY = Rule(
    "missing-key",
    "a key that must be there is not",
    why="Without `inputs:` and `layers:` there is no network.",
    bad="archspec: 1\nlayers:\n  - relu\n",
    good=_spec("  - relu\n"),
)
WRONG_KIND = Rule(
    "wrong-kind",
    "text where a list was expected, a list where a number was, and the like",
    why="The value cannot be read as what its key means.",
    bad="archspec: 1\ninputs: {image: [3, 8, 8]}\nlayers: relu\n",
    good=_spec("  - relu\n"),
)
UNKNOWN_VERSION = Rule(
    "unknown-version",
    "`archspec:` is not a version that this program reads",
    why="The language may change; a spec says which one it is written in, so that it keeps its meaning.",
    bad="archspec: 7\ninputs: {image: [3, 8, 8]}\nlayers:\n  - relu\n",
    good=_spec("  - relu\n"),
)
UNKNOWN_LAYER_TYPE = Rule(
    "unknown-layer-type",
    "a layer's type is neither a layer type nor a block of this spec",
    why="Nothing is known of such a layer: not its output, its weights or its cost.",
    bad=_spec("  - conv2D: {filters: 4, kernel: 3}\n"),
    good=_spec("  - conv2d: {filters: 4, kernel: 3}\n"),
)
NOT_A_LAYER = Rule(
    "not-a-layer",
    "an entry of `layers:` is no layer",
    why="A layer is a bare name, or a map with exactly one layer type or block as a key.",
    bad=_spec("  - {conv2d: {filters: 4, kernel: 3}, relu: }\n"),
    good=_spec("  - conv2d: {filters: 4, kernel: 3}\n  - relu\n"),
)
UNKNOWN_FIELD = Rule(
    "unknown-field",
    "a layer type has no such field, or a block no such argument",
    why="A field that is not read is nearly always a misspelt one, and the default would silently be used instead.",
    bad=_spec("  - conv2d: {filters: 4, kernel: 3, strides: 2}\n"),
    good=_spec("  - conv2d: {filters: 4, kernel: 3, stride: 2}\n"),
)
MISSING_FIELD = Rule(
    "missing-field",
    "a field or argument that has no default is not given",
    why="There is no sensible default for the number of filters, or for a block's argument that is declared `null`.",
    bad=_spec("  - conv2d: {kernel: 3}\n"),
    good=_spec("  - conv2d: {filters: 4, kernel: 3}\n"),
)
INVALID_FIELD = Rule(
    "invalid-field",
    "a field's value is not one that it can have",
    why="The layer cannot be built from it.",
    bad=_spec("  - conv2d: {filters: many, kernel: 3}\n"),
    good=_spec("  - conv2d: {filters: 4, kernel: 3}\n"),
)
DUPLICATE_NAME = Rule(
    "duplicate-name",
    "two layers of one scope have the same name",
    why="A name must say which layer is meant, in `from:`, in `share:`, in `expect:`.",
    bad=_spec("  - relu:\n    name: a\n  - relu:\n    name: a\n"),
    good=_spec("  - relu:\n    name: a\n  - relu:\n    name: b\n"),
)
INVALID_NAME = Rule(
    "invalid-name",
    "a name that cannot be one",
    why="`/` separates the names of blocks and layers; `input` and `previous` have a meaning of their own.",
    bad=_spec("  - relu:\n    name: stage/one\n"),
    good=_spec("  - relu:\n    name: stage_one\n"),
)
UNKNOWN_LAYER = Rule(
    "unknown-layer",
    "a name that is no layer's",
    why="There is nothing of that name to read, share or check; inside a block, only the block's own names are seen.",
    bad=_spec("  - relu:\n    from: imag\n"),
    good=_spec("  - relu:\n    from: image\n"),
)
FORWARD_REFERENCE = Rule(
    "forward-reference",
    "a layer reads one that stands further down",
    why="Layers are computed from top to bottom; what a layer reads stands above it.",
    bad=_spec(
        "  - relu:\n    from: later\n    name: now\n"
        "  - tanh:\n    from: image\n    name: later\n"
        "  - add:\n    from: [now, later]\n"
    ),
    good=_spec("  - tanh:\n    name: later\n  - relu:\n    name: now\n  - add:\n    from: [now, later]\n"),
)
CYCLE = Rule(
    "cycle",
    "layers read each other in a circle",
    why="Not one of them can be computed first.",
    bad=_spec("  - add:\n    from: [image, b]\n    name: a\n  - relu:\n    name: b\n"),
    good=_spec("  - relu:\n    name: b\n  - add:\n    from: [image, b]\n    name: a\n"),
)
AMBIGUOUS_INPUT = Rule(
    "ambiguous-input",
    "the first layer does not say which of several inputs it reads",
    why="Without `from:` a layer reads the one above it; above the first one stand several inputs.",
    bad="archspec: 1\ninputs: {left: [3, 8, 8], right: [3, 8, 8]}\nlayers:\n  - relu\n"
    "  - add:\n    from: [previous, right]\n",
    good="archspec: 1\ninputs: {left: [3, 8, 8], right: [3, 8, 8]}\nlayers:\n  - relu:\n    from: left\n"
    "  - add:\n    from: [previous, right]\n",
)
UNUSED_LAYER = Rule(
    "unused-layer",
    "a layer or an input from which no output can be reached",
    why="It is computed for nothing; most often a `from:` skips it by mistake, or it should stand in `outputs:`.",
    bad=_spec("  - conv2d: {filters: 4, kernel: 3}\n  - relu:\n    from: image\n"),
    good=_spec("  - conv2d: {filters: 4, kernel: 3}\n  - relu\n"),
)
UNUSED_BLOCK = Rule(
    "unused-block",
    "a block that nothing uses",
    why="It says nothing about this network, and nothing in it is checked.",
    severity=Severity.WARNING,
    bad=_spec("  - relu\n", more="blocks:\n  stage:\n    layers: [relu]\n"),
    good=_spec("  - stage\n", more="blocks:\n  stage:\n    layers: [relu]\n"),
)
RECURSIVE_BLOCK = Rule(
    "recursive-block",
    "a block uses itself",
    why="Expanding it would never end.",
    bad=_spec("  - stage\n", more="blocks:\n  stage:\n    layers: [relu, stage]\n"),
    good=_spec("  - stage\n", more="blocks:\n  stage:\n    layers: [relu, relu]\n"),
)
EMPTY_BLOCK = Rule(
    "empty-block",
    "a block, a repeated group or a network without a layer in it",
    why="It has no output that another layer could read.",
    bad=_spec("  []\n"),
    good=_spec("  - relu\n"),
)
INVALID_REPEAT = Rule(
    "invalid-repeat",
    "a repetition that cannot be carried out",
    why="`repeat:` is a whole number, 0 or more; what is repeated reads its own last output, so it has one input.",
    bad=_spec("  - relu:\n    repeat: -1\n"),
    good=_spec("  - relu:\n    repeat: 2\n"),
)
SHARED_TYPES_DIFFER = Rule(
    "shared-types-differ",
    "two layers of different types share weights",
    why="The weights of a convolution mean nothing to a dense layer.",
    bad=_spec(
        "  - conv2d: {filters: 3, kernel: 1}\n    name: a\n"
        "  - conv_transpose2d: {filters: 3, kernel: 1}\n    share: a\n"
    ),
    good=_spec("  - conv2d: {filters: 3, kernel: 1}\n    name: a\n  - conv2d:\n    share: a\n"),
)
SHARED_WEIGHTS_DIFFER = Rule(
    "shared-weights-differ",
    "two layers share weights of different shapes",
    why="One array cannot have two shapes; most often the two layers read different numbers of channels.",
    bad=_spec("  - conv2d: {filters: 4, kernel: 1}\n    name: a\n  - conv2d:\n    share: a\n"),
    good=_spec("  - conv2d: {filters: 3, kernel: 1}\n    name: a\n  - conv2d:\n    share: a\n"),
)
NOTHING_TO_SHARE = Rule(
    "nothing-to-share",
    "`share:` names a layer that has no weights of its own",
    why="There is nothing to reuse.",
    bad=_spec("  - relu:\n    name: a\n  - relu:\n    share: a\n"),
    good=_spec("  - relu\n  - relu\n"),
)
TOO_MANY_LAYERS = Rule(
    "too-many-layers",
    "a spec expands to more layers than the limit",
    why="Repeats and nested blocks multiply; a bound keeps time and memory in hand.",
    bad=_spec("  - relu:\n    repeat: 1_000_000_000\n"),
    good=_spec("  - relu:\n    repeat: 10\n"),
)
UNKNOWN_OVERRIDE = Rule(
    "unknown-override",
    "`--set` or `--input` names nothing in the spec, or gives it something that cannot be read",
    why="An override that changes nothing would go unnoticed.",
    unshown="it is about the command line",
)
HIDES_LAYER_TYPE = Rule(
    "hides-layer-type",
    "a block has the name of a layer type",
    why="Readers would take it for the layer type.",
    bad=_spec("  - relu\n", more="blocks:\n  relu:\n    layers: [tanh]\n"),
    good=_spec("  - act\n", more="blocks:\n  act:\n    layers: [tanh]\n"),
)
PINNED_SHAPE = Rule(
    "pinned-shape",
    "a pinned array has a shape other than its layer needs, or a name that none of its arrays has",
    why="A worked example whose numbers do not fit the network cannot be run.",
    bad="archspec: 1\ninputs: {x: [2]}\nlayers:\n  - dense: 1\nweights:\n  dense: {weight: [[1, 2, 3]]}\n",
    good="archspec: 1\ninputs: {x: [2]}\nlayers:\n  - dense: 1\nweights:\n  dense: {weight: [[1, 2]]}\n",
)
