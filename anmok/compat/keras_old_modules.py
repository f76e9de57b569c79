"""The names that Keras' modules went by in other years and other packages."""

# Packages that hold all of Keras, longest first.
SYNONYMS = [
    ("tensorflow.compat.v1.keras", "keras"),
    ("tensorflow.compat.v2.keras", "keras"),
    ("tensorflow.contrib.keras", "keras"),
    ("tensorflow.python.keras", "keras"),
    ("tensorflow.keras", "keras"),
    ("keras.api._v1.keras", "keras"),
    ("keras.api._v2.keras", "keras"),
    ("keras.api._v1", "keras"),
    ("keras.api._v2", "keras"),
    ("keras.api.keras", "keras"),
    ("keras.api", "keras"),
    ("keras.src", "keras"),
    ("tf_keras", "keras"),
    ("keras_preprocessing", "keras.preprocessing"),
    ("keras_applications", "keras.applications"),
    ("tensorflow.initializers", "keras.initializers"),
    ("tensorflow.losses", "keras.losses"),
    ("tensorflow.metrics", "keras.metrics"),
    ("tensorflow.optimizers", "keras.optimizers"),
]

OLD_MODULES = {
    "keras.engine.base_layer": "keras.layers",
    "keras.engine.input_layer": "keras.layers",
    "keras.engine.input_spec": "keras.layers",
    "keras.engine.topology": "keras.engine",
    "keras.engine.training": "keras.models",
    "keras.engine.functional": "keras.models",
    "keras.engine.network": "keras.models",
    "keras.engine.sequential": "keras.models",
    "keras.backend.tensorflow_backend": "keras.backend",
    "keras.callbacks.experimental": "keras.callbacks",
    "keras.initializations": "keras.initializers",
    "keras.objectives": "keras.losses",
    "keras.optimizers.optimizer_experimental": "keras.optimizers",
    "keras.optimizers.experimental": "keras.optimizers",
    "keras.optimizers.legacy": "keras.optimizers",
    "keras.optimizers.optimizer_v1": "keras.optimizers",
    "keras.optimizers.optimizer_v2": "keras.optimizers",
    "keras.optimizer_v1": "keras.optimizers",
    "keras.optimizer_v2": "keras.optimizers",
    "keras.optimizers.learning_rate_schedule": "keras.optimizers.schedules",
    "keras.mixed_precision.experimental": "keras.mixed_precision",
    "keras.layers.experimental": "keras.layers",
    "keras.layers.experimental.preprocessing": "keras.layers",
    "keras.layers.merging": "keras.layers.merge",
    "keras.applications.vgg": "keras.applications.vgg16",
}

# The files of Keras' source that people imported from, by the room whose names they held; files of files count too.
SUBMODULES = {
    "keras.callbacks": {"callback", "callbacks", "callbacks_v1", "tensorboard_v1"},
    "keras.layers": {
        "advanced_activations", "activation", "activations", "convolutional", "core", "noise", "normalization",
        "normalization_v2", "pooling", "regularization", "reshaping", "preprocessing",
    },
    "keras.layers.merge": {
        "add", "average", "base_merge", "concatenate", "dot", "maximum", "minimum", "multiply", "subtract",
    },
    "keras.losses": {"loss", "losses"},
    "keras.metrics": {"metric", "metrics"},
    "keras.models": {"functional", "model", "sequential", "cloning"},
    "keras.optimizers": {
        "adadelta", "adagrad", "adam", "adamax", "gradient_descent", "nadam", "optimizer", "optimizers", "rmsprop",
        "sgd",
    },
    "keras.preprocessing.image": {"image_data_generator", "iterator"},
    "keras.saving": {"save", "hdf5_format", "object_registration", "saving_api"},
    "keras.utils": {
        "all_utils", "conv_utils", "data_utils", "dataset_utils", "generic_utils", "image_dataset", "image_utils",
        "io_utils", "layer_utils", "np_utils", "tf_utils", "vis_utils", "visualize_util",
    },
}  # fmt: skip
