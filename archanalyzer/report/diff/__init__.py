"""What changed between two networks, as text, Markdown and data."""
