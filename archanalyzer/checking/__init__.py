"""Specs held against what they expect: read, analyzed, judged, compared with their snapshots.

The command line, the pytest plugin and programs ask the same, in ``checked``; what differs is how they tell of it.
"""
