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
    """A module of Keras: modules of anmok whose public names it shows, and further names ("module:attribute")."""

    sources: tuple = ()
    names: dict = dataclasses.field(default_factory=dict)


def _named(**where):
    """{name: "module:attribute"} out of module=names with the dots of the module written as __."""
    return {name: f"{module.replace('__', '.')}:{name}" for module, names in where.items() for name in names.split()}


_GENERIC = _named(anmok__registry="CustomObjectScope custom_object_scope get_custom_objects")

ROOMS = {
    "keras": Room(
        (),
        _named(anmok="Input KerasTensor Layer Loss Metric Initializer Regularizer Optimizer Model Sequential")
        | {"__version__": "anmok.compat.keras_facts:KERAS_VERSION", "version": "anmok.compat.keras_facts:version"},
    ),
    "keras.activations": Room(("anmok.activations",)),
    "keras.applications": Room(("anmok.applications",)),
    "keras.backend": Room(("anmok.compat.backend",)),
    "keras.callbacks": Room(("anmok.callbacks",)),
    "keras.config": Room(("anmok.compat.keras_config",)),
    "keras.constraints": Room(("anmok.constraints",)),
    "keras.datasets": Room(),
    "keras.initializers": Room(("anmok.initializers",)),
    "keras.layers": Room(("anmok.layers",)),
    "keras.losses": Room(("anmok.losses",)),
    "keras.metrics": Room(("anmok.metrics",)),
    "keras.mixed_precision": Room(("anmok.mixed_precision",)),
    "keras.models": Room(("anmok.models",), _named(anmok__saving="model_from_config model_from_json")),
    "keras.ops": Room(("anmok.compat.keras_ops",)),
    "keras.optimizers": Room(("anmok.optimizers",)),
    "keras.optimizers.schedules": Room(("anmok.schedules",)),
    "keras.preprocessing": Room(("anmok.preprocessing",)),
    "keras.preprocessing.image": Room(
        ("anmok.preprocessing.image",), {"image_dataset_from_directory": "anmok.utils:image_dataset_from_directory"}
    ),
    "keras.regularizers": Room(("anmok.regularizers",)),
    "keras.saving": Room(("anmok.saving",)),
    "keras.utils": Room(("anmok.utils",)),
    # TensorFlow's insides that people imported from; its own rooms are in anmok.compat.tf.
    "tensorflow.python": Room(),
    "tensorflow.python.client": Room(),
    "tensorflow.python.client.device_lib": Room(
        (), {"list_local_devices": "anmok.compat.keras_facts:list_local_devices"}
    ),
    "tensorflow.python.framework": Room(),
    "tensorflow.python.framework.ops": Room(),
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
    name = dotted
    for prefix, meant in SYNONYMS:
        if name == prefix or name.startswith(prefix + "."):
            return plain(meant + name[len(prefix) :])
    for old, new in OLD_MODULES.items():
        if name == old:
            return new, dotted
    if name not in ROOMS:
        for room, files in SUBMODULES.items():
            rest = name.removeprefix(room + ".").split(".")
            if name.startswith(room + ".") and rest[0] in files:
                return room, dotted
    return name, None


def value(where):
    """The object that "module:attribute" names."""
    module, _, attribute = where.partition(":")
    return getattr(importlib.import_module(module), attribute)


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
        try:
            found |= public(importlib.import_module(source))
        except ModuleNotFoundError:
            continue
    return found | {name.rsplit(".", 1)[1] for name in ROOMS if name.rpartition(".")[0] == dotted}
