"""Rules about the file and its YAML: what can be read at all, and what it says unambiguously."""

from archanalyzer.diagnostics.diagnostic import Rule

_OF_THE_FILE = "it is about the file, not about what stands in it"
_TOO_LONG = "the shortest example is far too long to show"

# A spec that is fine: what the mended examples come to.
_GOOD = """\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: 4, kernel: 3}
"""

FILE_NOT_FOUND = Rule(
    "file-not-found",
    "there is no file of that name",
    why="Nothing can be read.",
    unshown=_OF_THE_FILE,
)

NOT_A_FILE = Rule(
    "not-a-file",
    "the path names a folder, a pipe or a device",
    why="A pipe or a device may keep a reader waiting for ever; standard input is read under the name `-`.",
    unshown=_OF_THE_FILE,
)

FILE_NOT_READABLE = Rule(
    "file-not-readable",
    "the file is there but cannot be read",
    why="The system refuses to hand it over, most often for want of permission.",
    unshown=_OF_THE_FILE,
)

FILE_TOO_LARGE = Rule(
    "file-too-large",
    "the file is larger than any spec",
    why="The largest networks known are described in a few thousand lines; so large a file is most likely not a spec.",
    unshown=_OF_THE_FILE,
)

NOT_UTF8 = Rule(
    "not-utf8",
    "the file is not UTF-8",
    why="Read in another encoding, names would come out wrong, and without notice.",
    unshown=_OF_THE_FILE,
)

CONTROL_CHARACTER = Rule(
    "control-character",
    "the file holds a character that YAML does not allow",
    why="Control characters do not show; a file that has them is most often binary, or damaged.",
    unshown="the character would not show",
)

EMPTY_FILE = Rule(
    "empty-file",
    "the file says nothing",
    why="A spec has at least its version, one input and one layer.",
    bad="# layers: to do\n",
    good=_GOOD,
)

YAML_SYNTAX = Rule(
    "yaml-syntax",
    "the text is not YAML",
    why="Where the text stops making sense, what follows cannot be read either.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]
layers:
  - conv2d: {filters: 4, kernel: 3}
""",
    good=_GOOD,
)

NESTING_TOO_DEEP = Rule(
    "nesting-too-deep",
    "maps and lists stand in each other too deep",
    why="No spec needs more than a dozen levels; brackets by the thousand are there to exhaust a reader.",
    unshown=_TOO_LONG,
)

TOO_MANY_VALUES = Rule(
    "too-many-values",
    "the file has more values than any spec",
    why="Its values would fill the memory.",
    unshown=_TOO_LONG,
)

ALIAS_EXPANSION = Rule(
    "alias-expansion",
    "aliases repeat their anchors too often",
    why="Ten lines of aliases to aliases stand for billions of values.",
    unshown=_TOO_LONG,
)

ALIAS_CYCLE = Rule(
    "alias-cycle",
    "an alias stands inside what it names",
    why="The value would contain itself, without end.",
    bad="""\
archspec: 1
inputs: {image: &shape [3, 8, *shape]}
layers: [relu]
""",
    good="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers: [relu]
""",
)

UNKNOWN_ALIAS = Rule(
    "unknown-alias",
    "an alias names an anchor that does not stand above it",
    why="`*name` repeats what `&name` marked earlier in the file.",
    bad="""\
archspec: 1
inputs: {left: &shape [3, 8, 8], right: *shapes}
layers:
  - add: {}
    from: [left, right]
""",
    good="""\
archspec: 1
inputs: {left: &shape [3, 8, 8], right: *shape}
layers:
  - add: {}
    from: [left, right]
""",
)

DUPLICATE_KEY = Rule(
    "duplicate-key",
    "a key is given twice in one map",
    why="One of the two values would be lost; most readers of YAML drop the first without a word.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: 4, kernel: 3, filters: 8}
""",
    good=_GOOD,
)

KEY_NOT_TEXT = Rule(
    "key-not-text",
    "a key is a map, a list or nothing",
    why="Every key is the name of a field, a layer, a variable or the like.",
    bad="""\
archspec: 1
inputs: {[image]: [3, 8, 8]}
layers: [relu]
""",
    good="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers: [relu]
""",
)

MERGE_KEY = Rule(
    "merge-key",
    "a map is merged into another by `<<`",
    why="YAML 1.2 has no merge key; what layers have in common goes into a block with arguments, which can be checked.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: &common {filters: 4, kernel: 3}
  - conv2d: {<<: *common}
""",
    good="""\
archspec: 1
inputs: {image: [3, 8, 8]}
blocks:
  common:
    layers:
      - conv2d: {filters: 4, kernel: 3}
layers: [common, common]
""",
)

YAML_TAG = Rule(
    "yaml-tag",
    "a value carries a YAML tag",
    why="A tag asks the reader to build an object, which can run code; what a value means is known from its field.",
    bad="""\
archspec: 1
inputs: {image: !shape [3, 8, 8]}
layers: [relu]
""",
    good="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers: [relu]
""",
)

SEVERAL_DOCUMENTS = Rule(
    "several-documents",
    "a file holds more than one YAML document",
    why="A file describes one network; `---` would begin another.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers: [relu]
---
archspec: 1
inputs: {image: [3, 8, 8]}
layers: [tanh]
""",
    good="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers: [relu]
""",
)

SPLIT_EXPRESSION = Rule(
    "split-expression",
    "YAML splits an expression that is not in quotes",
    why="Inside `{}` and `[]`, a comma or bracket ends a text without quotes, in the middle of an expression too.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: =max(4, 2), kernel: 3}
""",
    good="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: "=max(4, 2)", kernel: 3}
""",
)

AMBIGUOUS_NUMBER = Rule(
    "ambiguous-number",
    "a number begins with zeros",
    why="`012` is ten in YAML 1.1 and twelve in YAML 1.2, and readers of both are in use.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: 04, kernel: 3}
""",
    good=_GOOD,
)

NUMBER_TOO_LARGE = Rule(
    "number-too-large",
    "a number is too large",
    why="Every size and count in a network fits into 64 bits by far, and a float beyond 1.8e308 is infinite.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: 40000000000000000000, kernel: 3}
""",
    good=_GOOD,
)

NOT_FINITE = Rule(
    "not-finite",
    "a number is infinite or not a number",
    why="No field has a use for it, and whatever is computed with it comes out the same.",
    bad="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - dropout: {rate: .nan}
""",
    good="""\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - dropout: {rate: 0.5}
""",
)
