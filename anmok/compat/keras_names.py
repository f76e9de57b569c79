"""Where Keras' modules and names, of all its years, are in anmok.

ROOMS has a Room for each module of Keras that anmok shows. `plain` turns the other spellings a module went by
(tensorflow.keras.layers, tensorflow.python.keras.layers.core, keras.layers.convolutional) into its name there.
"""

import dataclasses
import importlib
import types

from anmok.compat.keras_old_modules import OLD_MODULES, SUBMODULES, SYNONYMS

REFUSED_PACKAGES = (
    "keras_tuner", "kerastuner", "tensorflow_datasets", "tensorflow_addons", "keras_cv", "keras_hub", "keras_nlp",
    "keras_contrib", "tensorflow_text", "tensorflow_probability", "tensorflow_model_optimization", "tensorflow_io",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Room:
    """A module of Keras: things of anmok whose public names it shows, and further names.

    sources: modules ("module"), or objects in them ("module:attribute"), the first that has a name gives it. names:
    {name: "module:attribute"}, looked in before the sources.

    called: what calling the module itself does, for one that was a function in another year.
    """

    sources: tuple = ()
    names: dict = dataclasses.field(default_factory=dict)
    called: str | None = None


def _named(**where):
    """{name: "module:attribute"} out of module=names with the dots of the module written as __."""
    return {name: f"{module.replace('__', '.')}:{name}" for module, names in where.items() for name in names.split()}


_OLD = "anmok.compat.keras_old_objects"
_CONFIG = "anmok.compat.keras_config"
_SOURCE_INPUTS = {"get_source_inputs": f"{_OLD}:get_source_inputs"}

ROOMS = {
    "keras": Room(
        (),
        _named(anmok="Input KerasTensor Layer Loss Metric Initializer Regularizer Optimizer Model Sequential")
        | _named(anmok__layers="InputSpec", anmok__compat__variables="Variable", anmok__mixed_precision="DTypePolicy")
        | _named(anmok__compat__tracing="device name_scope")
        | {
            "FloatDTypePolicy": "anmok.mixed_precision:DTypePolicy",
            "__version__": "anmok.compat.keras_facts:KERAS_VERSION",
            "version": "anmok.compat.keras_facts:version",
        },
    ),
    "keras.activations": Room(("anmok.activations",)),
    "keras.applications": Room(("anmok.applications",)),
    "keras.backend": Room(("anmok.compat.backend",), {"set_session": f"{_OLD}:set_session"}),
    "keras.callbacks": Room(("anmok.callbacks",), {"BaseLogger": f"{_OLD}:BaseLogger"}),
    "keras.config": Room((_CONFIG,)),
    "keras.constraints": Room(("anmok.constraints",)),
    "keras.datasets": Room(),
    "keras.dtype_policies": Room((), _named(anmok__mixed_precision="DTypePolicy get")),
    "keras.engine": Room(("anmok.layers", "anmok.models"), _SOURCE_INPUTS),
    "keras.experimental": Room((), _named(anmok__schedules="CosineDecay CosineDecayRestarts")),
    "keras.initializers": Room(("anmok.initializers",)),
    "keras.layers": Room(
        ("anmok.layers",),
        {"AtrousConvolution2D": f"{_OLD}:AtrousConvolution2D", "Deconvolution2D": "anmok.layers:Conv2DTranspose"},
    ),
    "keras.layers.merge": Room(("anmok.layers",), called=f"{_OLD}:merge"),
    "keras.losses": Room(
        ("anmok.losses",), {"Reduction": f"{_OLD}:Reduction", "cosine_proximity": "anmok.losses:cosine_similarity"}
    ),
    "keras.metrics": Room(("anmok.metrics",)),
    "keras.mixed_precision": Room(
        ("anmok.mixed_precision",), {"set_policy": "anmok.mixed_precision:set_global_policy"}
    ),
    "keras.models": Room(("anmok.models",)),
    "keras.ops": Room(("anmok.compat.keras_ops",)),
    **{f"keras.ops.{part}": Room((f"anmok.compat.keras_ops:{part}",)) for part in ("image", "linalg", "nn", "numpy")},
    "keras.optimizers": Room(
        ("anmok.optimizers",),
        {
            name.lower(): f"anmok.optimizers:{name}"
            for name in ("Adam", "Adadelta", "Adagrad", "Adamax", "Nadam", "RMSprop", "SGD")
        },
    ),
    "keras.optimizers.schedules": Room(("anmok.schedules",)),
    "keras.preprocessing": Room(
        ("anmok.preprocessing",), {"image_dataset_from_directory": f"{_OLD}:image_dataset_from_directory"}
    ),
    "keras.preprocessing.image": Room(
        ("anmok.preprocessing.image",), {"image_dataset_from_directory": f"{_OLD}:image_dataset_from_directory"}
    ),
    "keras.random": Room(("anmok.compat.keras_random",)),
    "keras.regularizers": Room(
        ("anmok.regularizers",),
        {
            "WeightRegularizer": f"{_OLD}:WeightRegularizer",
            "activity_l1": "anmok.regularizers:l1",
            "activity_l1l2": "anmok.regularizers:l1_l2",
            "activity_l2": "anmok.regularizers:l2",
            "l1l2": "anmok.regularizers:l1_l2",
        },
    ),
    "keras.saving": Room(("anmok.saving",)),
    "keras.tree": Room(("anmok.compat.tf.nest",)),
    "keras.utils": Room(
        ("anmok.utils",),
        _named(
            anmok__compat__keras_old_objects="count_params get_source_inputs image_dataset_from_directory "
            "is_keras_tensor multi_gpu_model normalize_data_format print_summary to_categorical",
            anmok__compat__keras_config="disable_interactive_logging enable_interactive_logging "
            "is_interactive_logging_enabled",
            anmok__compat__backend="clear_session",
            anmok__saving="deserialize_keras_object serialize_keras_object",
        )
        | {"plot": "anmok.models:plot_model"},
    ),
    "keras.wrappers": Room((), _named(anmok__compat__scikit_learn="SKLearnClassifier SKLearnRegressor")),
    "keras.wrappers.scikit_learn": Room(("anmok.compat.scikit_learn",)),
    # TensorFlow's insides that people imported from; its own rooms are in anmok.compat.tf.
    "tensorflow.python": Room(),
    "tensorflow.python.client": Room(),
    "tensorflow.python.client.device_lib": Room(
        (), {"list_local_devices": "anmok.compat.keras_facts:list_local_devices"}
    ),
    "tensorflow.python.framework": Room(),
    "tensorflow.python.framework.ops": Room((), {"reset_default_graph": "anmok.compat.backend:clear_session"}),
}
for _name in ("boston_housing", "cifar10", "cifar100", "fashion_mnist", "mnist"):
    ROOMS[f"keras.datasets.{_name}"] = Room((), {"load_data": f"anmok.datasets.{_name}:load_data"})
for _name in (
    "convnext", "densenet", "efficientnet", "efficientnet_v2", "imagenet_utils", "inception_resnet_v2", "inception_v3",
    "mobilenet", "mobilenet_v2", "mobilenet_v3", "nasnet", "resnet", "resnet50", "resnet_v2", "vgg16", "vgg19",
    "xception",
):  # fmt: skip
    ROOMS[f"keras.applications.{_name}"] = Room((f"anmok.applications.{_name}",))


def plain(dotted):
    """(the module's name in ROOMS, the old spelling to mention or None) for a dotted module name of any year."""
    name, is_old = _without_package(dotted), False
    while name not in ROOMS:
        older = _renamed(name) or _room_of_file(name)
        if older is None:
            break
        name, is_old = older, True
    return name, dotted if is_old else None


def _without_package(name):
    """`keras.` in the place of the other packages that hold all of Keras."""
    for prefix, meant in SYNONYMS:
        if name == prefix or name.startswith(prefix + "."):
            return _without_package(meant + name[len(prefix) :])
    return name


def _renamed(name):
    for old, new in OLD_MODULES.items():
        if name == old or name.startswith(old + "."):
            return new + name[len(old) :]
    return None


def _room_of_file(name):
    for room, files in SUBMODULES.items():
        if name.startswith(room + ".") and name[len(room) + 1 :].split(".")[0] in files:
            return room
    return None


def value(where):
    """The object that "module:attribute", or "module" alone, names."""
    module, _, attribute = where.partition(":")
    module = importlib.import_module(module)
    return getattr(module, attribute) if attribute else module


def public(module):
    """The public names of a module of anmok: its __all__, else what is neither private nor a module."""
    if hasattr(module, "__all__"):
        return set(module.__all__)
    names = {*vars(module), *dir(module)}
    return {
        name for name in names if not name.startswith("_") and not isinstance(vars(module).get(name), types.ModuleType)
    }


def listed(dotted):
    """The names that the room `dotted` has, those of its sources and its rooms among them."""
    room = ROOMS[dotted]
    found = {*room.names}
    for source in room.sources:
        module = value(source)
        found |= {name for name in public(module) if not isinstance(getattr(module, name), types.ModuleType)}
    return found | {name.rsplit(".", 1)[1] for name in ROOMS if name.rpartition(".")[0] == dotted}
