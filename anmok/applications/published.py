"""The weights that Keras' authors publish: their files, found in the cache's models folder or downloaded there."""

from anmok import files
from anmok.errors import FileFormatError

STORAGE = "https://storage.googleapis.com/"
_APPLICATIONS = "tensorflow/keras-applications/"
_KERNELS = "_weights_tf_dim_ordering_tf_kernels"

# fmt: off
# Folder of the network: md5 of the file with the top, and of the one without.
_OF_ONE_PATTERN = {
    ("vgg16",    "vgg16"):        ("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"),
    ("vgg19",    "vgg19"):        ("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"),
    ("resnet",   "resnet50"):     ("2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"),
    ("resnet",   "resnet101"):    ("f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"),
    ("resnet",   "resnet152"):    ("100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"),
    ("resnet",   "resnet50v2"):   ("3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917"),
    ("resnet",   "resnet101v2"):  ("6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5"),
    ("resnet",   "resnet152v2"):  ("a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33"),
    ("resnet",   "resnext50"):    ("67a5b30d522ed92f75a1f16eef299d1a", "62527c363bdd9ec598bed41947b379fc"),
    ("resnet",   "resnext101"):   ("34fb605428fcc7aa4d62f44404c11509", "0f678c91647380debd923963594981b3"),
    ("densenet", "densenet121"):  ("9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"),
    ("densenet", "densenet169"):  ("d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b"),
    ("densenet", "densenet201"):  ("1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1"),
}
# fmt: on

# Network: what lies at STORAGE with the top, its md5, what lies there without the top, its md5. None: Keras knows none.
FILES = {
    network: (
        f"{_APPLICATIONS}{folder}/{network}{_KERNELS}.h5",
        with_top,
        f"{_APPLICATIONS}{folder}/{network}{_KERNELS}_notop.h5",
        without,
    )
    for (folder, network), (with_top, without) in _OF_ONE_PATTERN.items()
}

CLASS_INDEX = "download.tensorflow.org/data/imagenet_class_index.json"
CLASS_INDEX_MD5 = "c2c37ea517e94d9795004a39431a14cb"


def weights_file(network, *, include_top):
    """The path of a network's ImageNet weights (see `fetched`); `network` is a key of FILES."""
    with_top, with_top_md5, without, without_md5 = FILES[network]
    return fetched(with_top, with_top_md5) if include_top else fetched(without, without_md5)


def fetched(place, md5):
    """The path of a published file in the cache's models folder; downloaded there from STORAGE if missing.

    place: where it lies at STORAGE. Raises MissingFileError, naming file and place, if it cannot be downloaded, and
    FileFormatError if the file that is there has another md5 (None: it is taken as it is).
    """
    target = files.home() / "models" / place.rpartition("/")[2]
    if not target.exists():
        return files.download(STORAGE + place, target, expected=md5)
    if md5 is not None and not files.is_intact(target, md5):
        raise FileFormatError(
            f"{target} is not the file that {STORAGE + place} gives: expected md5 {md5}, got "
            f"{files.checksum(target, 'md5')}. Delete it to have it downloaded again."
        )
    return target
