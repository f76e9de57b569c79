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
    ("keras.python.keras", "keras"),
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
    "keras.engine": "keras.models",
    "keras.engine.base_layer": "keras.layers",
    "keras.engine.input_layer": "keras.layers",
    "keras.engine.topology": "keras.layers",
    "keras.engine.training": "keras.models",
    "keras.engine.functional": "keras.models",
    "keras.engine.network": "keras.models",
    "keras.engine.sequential": "keras.models",
    "keras.objectives": "keras.losses",
    "keras.optimizers.optimizer_experimental": "keras.optimizers",
    "keras.optimizers.experimental": "keras.optimizers",
    "keras.optimizers.legacy": "keras.optimizers",
    "keras.mixed_precision.experimental": "keras.mixed_precision",
    "keras.layers.experimental": "keras.layers",
    "keras.layers.experimental.preprocessing": "keras.layers",
    "keras.utils.np_utils": "keras.utils",
    "keras.utils.vis_utils": "keras.utils",
    "keras.utils.data_utils": "keras.utils",
    "keras.utils.generic_utils": "keras.utils",
    "keras.utils.io_utils": "keras.utils",
    "keras.utils.layer_utils": "keras.utils",
    "keras.utils.visualize_util": "keras.utils",
    "keras.utils.all_utils": "keras.utils",
    "keras.utils.image_utils": "keras.utils",
    "keras.utils.tf_utils": "keras.utils",
    "keras.applications.vgg": "keras.applications.vgg16",
}

# The files of Keras' source that people imported from, by the room whose names they held.
SUBMODULES = {
    "keras.layers": {
        "advanced_activations", "activation", "activations", "attention", "convolutional", "core", "local", "merge",
        "merging", "noise", "normalization", "pooling", "regularization", "reshaping", "preprocessing",
    },
    "keras.optimizers": {"optimizer", "optimizers", "adam", "sgd", "rmsprop"},
    "keras.preprocessing.image": {"image_data_generator", "iterator"},
    "keras.saving": {"save", "hdf5_format", "saved_model", "object_registration", "saving_api"},
}  # fmt: skip
