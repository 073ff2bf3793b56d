"""Runs a network in NumPy: forward, backward, training steps."""
