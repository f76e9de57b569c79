"""Choices and loops over tensors: cond, while_loop, map, scan, as plain Python does them."""

import builtins

import torch
from torch.utils import _pytree as pytree

from anmok.compat.functions.calling import function
from anmok.compat.functions.faces import clothed
from anmok.compat.functions.values import integer, tensor
from anmok.errors import ArgumentError
from anmok.layers.symbolic import is_symbolic


def _refuse_symbolic(name, structure):
    if is_symbolic(structure):
        raise ArgumentError(
            f"{name}: what happens depends on a symbolic tensor, whose values come later. Put it into a Lambda layer."
        )


def _truth(value):
    return builtins.bool(tensor(value)) if not isinstance(value, builtins.bool) else value


def cond(pred, true_fn=None, false_fn=None, name=None):
    """true_fn() where `pred` holds, else false_fn()."""
    del name
    _refuse_symbolic("cond", pred)
    chosen = true_fn if _truth(pred) else false_fn
    return None if chosen is None else chosen()


def case(pred_fn_pairs, default=None, exclusive=False, strict=False, name=None):
    """The function of the first (condition, function) whose condition holds, called; `default` where none does."""
    del exclusive, strict, name
    pairs = pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs
    for condition, chosen in pairs:
        _refuse_symbolic("case", condition)
        if _truth(condition):
            return chosen()
    return (default or pairs[-1][1])()


def switch_case(branch_index, branch_fns, default=None, name=None):
    """The function of that number, called; `default` (or the last one) where there is none."""
    del name
    _refuse_symbolic("switch_case", branch_index)
    numbered = dict(enumerate(branch_fns)) if not isinstance(branch_fns, dict) else branch_fns
    if branch_fns and isinstance(branch_fns, (list, tuple)) and isinstance(branch_fns[0], tuple):
        numbered = dict(branch_fns)
    chosen = numbered.get(integer(branch_index), default or numbered[max(numbered)])
    return chosen()


def switch(index, branches, *operands):
    """branches[index](*operands), the index cut to what there is (Keras' ops)."""
    _refuse_symbolic("switch", index)
    return branches[min(max(integer(index), 0), len(branches) - 1)](*operands)


def while_loop(cond, body, loop_vars, maximum_iterations=None, **_):
    """loop_vars, replaced by body(*loop_vars) as long as cond(*loop_vars) holds."""
    _refuse_symbolic("while_loop", loop_vars)
    values = list(loop_vars) if isinstance(loop_vars, (list, tuple)) else [loop_vars]
    count = 0
    while (maximum_iterations is None or count < integer(maximum_iterations)) and _truth(cond(*values)):
        made = body(*values)
        values = list(made) if isinstance(made, (list, tuple)) else [made]
        count += 1
    return type(loop_vars)(values) if type(loop_vars) in (list, tuple) else values[0]


def fori_loop(lower, upper, body_fun, init_val):
    """init_val, replaced by body_fun(i, value) for i from `lower` to below `upper`."""
    value = init_val
    for index in builtins.range(integer(lower), integer(upper)):
        value = body_fun(index, value)
    return value


def _entries(elems):
    """The structure at each place along the first axis."""
    leaves, structure = pytree.tree_flatten(elems)
    leaves = [clothed(tensor(leaf)) if not isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
    return [
        pytree.tree_unflatten([leaf[index] for leaf in leaves], structure) for index in builtins.range(len(leaves[0]))
    ]


def _joined(results):
    structure = pytree.tree_structure(results[0])
    columns = zip(*(pytree.tree_leaves(result) for result in results), strict=True)
    return pytree.tree_unflatten([_stack(list(column)) for column in columns], structure)


@function(name="stack_results")
def _stack(parts):
    return torch.stack([tensor(part) for part in parts])


def map_fn(fn, elems, dtype=None, fn_output_signature=None, **_):
    """fn of each entry along the first axis of `elems` (a tensor or a structure of them), put together again."""
    del dtype, fn_output_signature  # what fn gives is known when it has given it
    _refuse_symbolic("map_fn", elems)
    return _joined([fn(entry) for entry in _entries(elems)])


def vectorized_map(fn, elems, **_):
    """fn of each entry along the first axis, put together again."""
    return map_fn(fn, elems)


def map_(f, xs):
    """f of each entry along the first axis, put together again (Keras' ops)."""
    return map_fn(f, xs)


def foldl(fn, elems, initializer=None, **_):
    """fn(so far, entry) from the first entry to the last."""
    entries = _entries(elems)
    value = entries.pop(0) if initializer is None else initializer
    for entry in entries:
        value = fn(value, entry)
    return value


def foldr(fn, elems, initializer=None, **_):
    """fn(so far, entry) from the last entry to the first."""
    entries = _entries(elems)[::-1]
    value = entries.pop(0) if initializer is None else initializer
    for entry in entries:
        value = fn(value, entry)
    return value


def scan_of_tensorflow(fn, elems, initializer=None, reverse=False, **_):
    """What `foldl` has after each entry."""
    entries = _entries(elems)[:: -1 if reverse else 1]
    values = []
    if initializer is None:
        values.append(entries.pop(0))
    for entry in entries:
        values.append(fn(values[-1] if values else initializer, entry))
    return _joined(values[:: -1 if reverse else 1])


def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """(the last carry, all outputs) of f(carry, entry) -> (carry, output) over the first axis (Keras' ops)."""
    del unroll
    entries = [None] * integer(length) if xs is None else _entries(xs)
    carry, outputs = init, []
    for entry in entries[:: -1 if reverse else 1]:
        carry, output = f(carry, entry)
        outputs.append(output)
    outputs = outputs[:: -1 if reverse else 1]
    return carry, None if outputs and outputs[0] is None else _joined(outputs)


def associative_scan(f, elems, reverse=False, axis=0):
    """The running results of f over the first axis (Keras' ops)."""
    if axis != 0:
        raise ArgumentError("associative_scan: only axis 0 is supported.")
    entries = _entries(elems)[:: -1 if reverse else 1]
    values = [entries[0]]
    for entry in entries[1:]:
        values.append(f(values[-1], entry))
    return _joined(values[:: -1 if reverse else 1])


def vectorize(pyfunc, *, excluded=None, signature=None):
    """A function that calls `pyfunc` on each entry along the first axis of its arguments."""
    if excluded is not None or signature is not None:
        raise ArgumentError("vectorize: excluded and signature are not supported; leave them out.")
    return lambda *args: map_fn(lambda entry: pyfunc(*entry), tuple(args))


def group(*inputs, **_):
    """Nothing: in TensorFlow, the operations named, which have run already."""


def no_op(name=None):
    """Nothing."""


def tuple_(tensors, **_):
    """The list itself, whose entries are all computed."""
    return list(tensors)


def print_(*values, output_stream=None, summarize=None, sep=" ", end="\n", name=None):
    """Print values: tensors as their numbers."""
    del summarize, name
    shown = [value.numpy() if hasattr(value, "numpy") else value for value in values]
    builtins.print(*shown, sep=sep, end=end, file=output_stream if hasattr(output_stream, "write") else None)
