"""Receptive fields, as text, Markdown, data and pictures."""
