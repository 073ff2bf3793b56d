"""A linear layer as a matrix, as text, markup, data and files."""
