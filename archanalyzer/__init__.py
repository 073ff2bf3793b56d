"""Describe a neural network in YAML; ask anything that can be known of it without training, exactly."""
