"""Receptive fields as sets of positions, gaps and all: along one axis, along all of them, walked back, and weighed."""
