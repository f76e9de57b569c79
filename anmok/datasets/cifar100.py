"""CIFAR-100: small colour photographs, 32 x 32, of 100 classes in 20 groups (Krizhevsky 2009)."""

from anmok.datasets import cached, cifar
from anmok.errors import ArgumentError

# fmt: off
class_names = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy",
    "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock",
    "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest",
    "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard",
    "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid",
    "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine", "possum",
    "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper",
    "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone",
    "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf",
    "woman", "worm",
)
coarse_class_names = (
    "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables", "household_electrical_devices",
    "household_furniture", "insects", "large_carnivores", "large_man-made_outdoor_things",
    "large_natural_outdoor_scenes", "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates",
    "people", "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
)
# fmt: on
ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
SHA256 = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
_LABELS = {"fine": ("y_train", "y_test"), "coarse": ("y_train_coarse", "y_test_coarse")}


def load_data(label_mode="fine"):
    """(x_train, y_train), (x_test, y_test): uint8 (50000, 32, 32, 3), (50000, 1), (10000, 32, 32, 3), (10000, 1).

    As in Keras. label_mode: "fine" (100 classes) or "coarse" (20 groups). Raises ArgumentError, MissingFileError,
    FileFormatError.
    """
    if label_mode not in _LABELS:
        raise ArgumentError(f"Expected label_mode 'fine' or 'coarse', got {label_mode!r}.")
    train, test = _LABELS[label_mode]
    return cached.split(cached.load("cifar100.npz", ("x_train", train, "x_test", test), _make))


def _make(target):
    cifar.make(target, origin=ORIGIN, sha256=SHA256, names=("train", "test"), arrays=_arrays)


def _arrays(members):
    arrays = {}
    for part, batch in members.items():
        arrays[f"x_{part}"] = cifar.images(batch["data"])
        arrays[f"y_{part}"] = cifar.labels(batch["fine_labels"])
        arrays[f"y_{part}_coarse"] = cifar.labels(batch["coarse_labels"])
    return arrays
