"""Rules about comments that silence rules: ``# archanalyzer: ignore[rule]``."""

from archanalyzer.diagnostics.diagnostic import Rule, Severity


def _spec(comment: str, layers: str) -> str:
    return f"""\
archspec: 1
inputs: {{image: [3, 8, 8]}}
blocks:
  stage:{comment}
    layers: [relu]
layers: [{layers}]
"""


UNUSED_IGNORE = Rule(
    "unused-ignore",
    "a comment silences a rule that nothing breaks there",
    why="What it was for is gone; left in, it would silence the next thing that goes wrong at that place.",
    severity=Severity.WARNING,
    bad=_spec(" # archanalyzer: ignore[unused-block]", "stage"),
    good=_spec("", "stage"),
)
INVALID_IGNORE = Rule(
    "invalid-ignore",
    "a comment that should silence a rule does not name one that can be silenced",
    why="It has no effect. A comment names the rules that it silences, so that it hides nothing else. An error cannot "
    "be silenced: what would be told of the network in spite of it could not be relied on.",
    severity=Severity.WARNING,
    bad=_spec(" # archanalyzer: ignore", "stage"),
    good=_spec(" # archanalyzer: ignore[unused-block]", "tanh"),
)
