"""Holding what a spec expects against what there is: bounds, comparison, what to change, words."""
