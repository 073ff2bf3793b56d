"""Networks, and forward and backward propagation, as pictures."""
