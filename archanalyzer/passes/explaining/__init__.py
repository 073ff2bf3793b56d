"""How a fact comes about, as one works it out by hand: counts as sums of products, receptive fields step by step."""
