"""What others add: passes, layer types with their kernels, rules, formats.

A plugin is a ``Plugin``: a value that says what it adds. Nothing is found by standing in a folder, and no spec can name
one: plugins are those that are installed with an entry point in the group ``archanalyzer.plugins``, and those named on
the command line. ``finding`` finds and imports them, ``admitting`` looks them through and makes their parts known where
the built-in ones are. A plugin at fault is told in a diagnostic and left out; nothing else changes.
"""

from archanalyzer.plugins.plugin import API, Plugin

__all__ = ["API", "Plugin"]
