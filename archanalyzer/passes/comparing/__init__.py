"""What changed from one network to another: which layer is which, what of them differs, and which facts moved."""
