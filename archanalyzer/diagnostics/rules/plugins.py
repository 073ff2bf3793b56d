"""Rules about plugins: what stands in the way of what they add."""

from archanalyzer.diagnostics.diagnostic import Rule

_OF_A_PLUGIN = "it is about a plugin, not about a spec"

PLUGIN_NOT_FOUND = Rule(
    "plugin-not-found",
    "there is no such plugin",
    why="What it would have added may be what is asked for, or what guards the network.",
    unshown=_OF_A_PLUGIN,
)

PLUGIN_NOT_IMPORTED = Rule(
    "plugin-not-imported",
    "a plugin cannot be imported",
    why="Its code raises before it has said what it adds. Everything else answers as it does without the plugin.",
    unshown=_OF_A_PLUGIN,
)

NOT_A_PLUGIN = Rule(
    "not-a-plugin",
    "what is named as a plugin is none, or does not say what a plugin says",
    why="A plugin is a `Plugin`, called `plugin` in its module; a part of it that is not what it should be would be "
    "found out in the middle of an answer.",
    unshown=_OF_A_PLUGIN,
)

PLUGIN_VERSION = Rule(
    "plugin-version",
    "a plugin was written for another version of the interface",
    why="What it hands over may mean something else now.",
    unshown=_OF_A_PLUGIN,
)

PLUGIN_CLASH = Rule(
    "plugin-clash",
    "a plugin gives something a name that is taken",
    why="Of two facts, layer types, rules or formats of one name, none could be asked for.",
    unshown=_OF_A_PLUGIN,
)

PLUGIN_NEED = Rule(
    "plugin-need",
    "a pass of a plugin asks for a result that no pass has",
    why="Passes are filled in by the types of their arguments; there is nothing to fill it in with.",
    unshown=_OF_A_PLUGIN,
)

PLUGIN_FAILED = Rule(
    "plugin-failed",
    "a plugin raised, or answered with something else than it said",
    why="What it should have told is not known. Everything else is.",
    unshown=_OF_A_PLUGIN,
)
