"""tf.nest: structures of lists, tuples and dicts."""

from torch.utils import _pytree as pytree


def _sorted(structure):
    if isinstance(structure, dict):
        return {key: _sorted(structure[key]) for key in sorted(structure)}
    if isinstance(structure, (list, tuple)) and not hasattr(structure, "_fields"):
        return type(structure)(_sorted(entry) for entry in structure)
    return structure


def flatten(structure, expand_composites=False):
    """The leaves, dicts by their sorted keys."""
    return pytree.tree_leaves(_sorted(structure))


def map_structure(func, *structure, **kwargs):
    """func of the leaves that stand at one place."""
    return pytree.tree_map(func, *structure)


def pack_sequence_as(structure, flat_sequence, expand_composites=False):
    return pytree.tree_unflatten(list(flat_sequence), pytree.tree_structure(_sorted(structure)))


def is_nested(structure):
    return isinstance(structure, (list, tuple, dict))


def assert_same_structure(nest1, nest2, check_types=True, expand_composites=False):
    if pytree.tree_structure(_sorted(nest1)) != pytree.tree_structure(_sorted(nest2)):
        raise ValueError(f"The two structures don't have the same nested structure: {nest1!r} and {nest2!r}.")


__all__ = ["assert_same_structure", "flatten", "is_nested", "map_structure", "pack_sequence_as"]
