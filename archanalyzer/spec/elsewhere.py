"""What things are called in other formats and frameworks, for hints: names that are not like ours."""

from __future__ import annotations

TYPES = {
    theirs: ours
    for ours, names in {
        "dense": "linear fc fully_connected affine matmul",
        "conv2d": "conv convolution",
        "conv_transpose2d": "deconv deconvolution up_convolution",
        "max_pool2d": "pool",
        "global_avg_pool": "gap",
        "add": "sum plus eltwise residual",
        "multiply": "mul times product hadamard",
        "concat": "cat merge join stack",
        "batch_norm": "bn batchnorm2d",
        "local_response_norm": "lrn",
        "upsample": "interpolate resize",
        "reshape": "view",
        "permute": "transpose",
        "silu": "swish",
        "identity": "noop pass_through",
    }.items()
    for theirs in names.split()
}
"""Layer types."""

BESIDE_TYPES = {
    **dict.fromkeys(("trainable", "requires_grad"), "it is called `frozen` here: `frozen: true` is not trained"),
    **dict.fromkeys(("input", "inputs", "bottom", "inbound_nodes"), "it is called `from` here"),
    **dict.fromkeys(("times", "count"), "it is called `repeat` here"),
    "id": "it is called `name` here",
}
"""Keys beside a layer type, each with a whole hint."""

FIELDS = {
    "out_channels": "filters",
    "out_features": "units",
    "dilation_rate": "dilation",
    "use_bias": "bias",
    "eps": "epsilon",
    "negative_slope": "slope",
    "p": "rate",
    "num_groups": "groups",
    "target_shape": "shape",
    "output_size": "size",
    "scale_factor": "factor",
}
"""Fields of layer types."""

TYPE_KEYS = frozenset({"type", "class_name", "layer_type", "op", "kind"})
"""Keys under which other formats name the type of a layer."""

KEYS = {
    "learning_rate": "rate",
    "lr": "rate",
    "criterion": "loss",
    "kernel_initializer": "initializer",
}
"""Keys of sections."""
