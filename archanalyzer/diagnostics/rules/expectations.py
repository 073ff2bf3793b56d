"""Rules about ``expect:``, the test that travels with a spec."""

from archanalyzer.diagnostics.diagnostic import Rule, Severity


def _spec(expected: str) -> str:
    return f"""\
archspec: 1
inputs: {{image: [3, 8, 8]}}
layers:
  - conv2d: {{filters: 4, kernel: 3}}
expect:
  totals: {expected}
"""


UNKNOWN_EXPECTATION = Rule(
    "unknown-expectation",
    "`expect:` names a fact that there is not, or a layer or block that is not in the network",
    why="An expectation that nobody checks would pass for ever.",
    bad=_spec("{parameter: 112}"),
    good=_spec("{parameters: 112}"),
)
IMPOSSIBLE_EXPECTATION = Rule(
    "impossible-expectation",
    "a fact is expected to be what it can never be, such as a number of parameters a text",
    why="No network would keep it; the expectation is wrong, not the network.",
    bad=_spec("{parameters: many}"),
    good=_spec("{parameters: 112}"),
)
EXPECTATION_FAILED = Rule(
    "expectation-failed",
    "a fact is not what `expect:` says",
    why="The network has changed, or was never what its spec claims; one of the two needs mending.",
    severity=Severity.FAILURE,
    bad=_spec("{parameters: 111}"),
    good=_spec("{parameters: 112}"),
)
SNAPSHOT_DIFFERS = Rule(
    "snapshot-differs",
    "the report is not the one in the file that `snapshot:` names",
    why="Something of the network has changed; whether it was meant to, the lines that differ tell.",
    severity=Severity.FAILURE,
    unshown="It is about a file beside the spec.",
)
PRINTED_OTHERWISE = Rule(
    "printed-otherwise",
    "a fact is as `expect:` says, and is printed elsewhere as another",
    why="A figure in a book or a paper that is wrong is told beside the right one, so that nobody has to look twice.",
    severity=Severity.NOTE,
    bad=_spec("{parameters: {value: 112, printed: 108, source: page 7}}"),
    good=_spec("{parameters: {value: 112, printed: 112, source: page 7}}"),
)
NOT_UPDATED = Rule(
    "not-updated",
    "`check --update` leaves an expectation that fails as it is",
    why="Only a value that stands in the text, once, can be rewritten without changing anything else; and only a file "
    "that can be written.",
    severity=Severity.FAILURE,
    unshown="Only `check --update` finds it.",
)
