"""How a count or a receptive field comes about, as text, Markdown, LaTeX and data."""
