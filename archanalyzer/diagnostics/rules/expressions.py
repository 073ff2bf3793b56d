"""Rules about expressions: values that begin with `=`."""

from archanalyzer.diagnostics.diagnostic import Rule


def _spec(expression: str, variables: str = "{width: 8}") -> str:
    return f"""\
archspec: 1
variables: {variables}
inputs: {{image: [3, 8, 8]}}
layers:
  - conv2d: {{filters: "{expression}", kernel: 1}}
"""


EXPRESSION_SYNTAX = Rule(
    "expression-syntax",
    "an expression is not one",
    why="An expression is arithmetic on numbers, names and lists, and no more, so that it can neither run code nor "
    "run away: `+ - * / // % **`, comparisons, `and or not`, `a if b else c`, `[a, b]`, `a[0]` and a few functions.",
    bad=_spec("=width *"),
    good=_spec("=width * 2"),
)

EXPRESSION_NAME = Rule(
    "expression-name",
    "an expression uses a name that is not known",
    why="Its names are those of the variables, of the arguments of the block around it, and of the repeat counter.",
    bad=_spec("=widht * 2"),
    good=_spec("=width * 2"),
)

EXPRESSION_TYPE = Rule(
    "expression-type",
    "an expression reckons with what is no number",
    why="Arithmetic takes numbers, indexing takes a list, and a text can only be compared.",
    bad=_spec("=width * 2", "{width: wide}"),
    good=_spec("=width * 2"),
)

EXPRESSION_DIVIDES_BY_ZERO = Rule(
    "expression-divides-by-zero",
    "an expression divides by zero",
    why="The quotient is not a number.",
    bad=_spec("=64 // width", "{width: 0}"),
    good=_spec("=64 // width"),
)

EXPRESSION_NOT_REAL = Rule(
    "expression-not-real",
    "the result of an expression is not a real number",
    why="The square root of a negative number, say, is no size of anything.",
    bad=_spec("=(-width) ** 0.5"),
    good=_spec("=width ** 2"),
)

EXPRESSION_TOO_LARGE = Rule(
    "expression-too-large",
    "an expression, or a number or list on the way to its result, is too large",
    why="A dozen characters can ask for a number that no machine can hold, as `9**9**9` does.",
    bad=_spec("=width ** 9 ** 9"),
    good=_spec("=width ** 2"),
)

TOO_MUCH_ARITHMETIC = Rule(
    "too-much-arithmetic",
    "the expressions of a spec take more steps than the limit",
    why="Long lists, repeats and blocks multiply; a bound on the work of all expressions together keeps time in hand.",
    unshown="the shortest example takes seconds",
)

EXPRESSION_INDEX = Rule(
    "expression-index",
    "an expression asks for an item that a list does not have",
    why="Items are counted from 0; -1 is the last.",
    bad=_spec("=widths[2]", "{widths: [4, 8]}"),
    good=_spec("=widths[1]", "{widths: [4, 8]}"),
)
