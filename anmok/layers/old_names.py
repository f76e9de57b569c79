"""What layers' arguments were called in Keras 1 and 2, and the values whose spelling changed."""

# Class: {old name: new name}. None stands for every class that takes the new name and not the old one.
RENAMED = {
    None: {"output_dim": "units", "init": "kernel_initializer", "W_regularizer": "kernel_regularizer",
           "b_regularizer": "bias_regularizer", "W_constraint": "kernel_constraint", "b_constraint": "bias_constraint",
           "bias": "use_bias", "border_mode": "padding", "subsample": "strides", "dim_ordering": "data_format",
           "nb_filter": "filters", "p": "rate", "border": "padding", "atrous_rate": "dilation_rate"},
    "InputLayer": {"batch_input_shape": "batch_shape", "input_dtype": "dtype"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "PReLU": {"init": "alpha_initializer"},
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "GaussianNoise": {"sigma": "stddev"},
    "MaxPooling1D": {"pool_length": "pool_size", "stride": "strides"},
    "AveragePooling1D": {"pool_length": "pool_size", "stride": "strides"},
    "UpSampling1D": {"length": "size"},
    "Conv1D": {"subsample_length": "strides"},
}  # fmt: skip
VALUES = {"data_format": {"tf": "channels_last", "th": "channels_first", "default": "channels_last"}}
KERNEL_SIZE = ("nb_row", "nb_col")  # of images; `filter_length` of series


def renamed(class_name, accepted):
    """{old: new} for a class of that name whose constructor takes the arguments `accepted`."""
    return {
        old: new
        for table in (RENAMED[None], RENAMED.get(class_name, {}))
        for old, new in table.items()
        if new in accepted and (old not in accepted or class_name == "InputLayer")
    }
