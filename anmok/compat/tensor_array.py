"""tf.TensorArray: a list of tensors of one format."""

from anmok.compat.functions.arrangement import concat, stack
from anmok.compat.tensors import as_tensor
from anmok.errors import ArgumentError


class TensorArray:
    """Tensors by number; `write` returns the array with one more, as in TensorFlow."""

    def __init__(self, dtype, size=0, dynamic_size=False, clear_after_read=None, infer_shape=True, **kwargs):
        self.dtype = dtype
        self.dynamic_size = dynamic_size
        self._entries = [None] * int(size or 0)

    def size(self):
        return as_tensor(len(self._entries))

    def write(self, index, value):
        index = int(index)
        if index >= len(self._entries):
            if not self.dynamic_size:
                raise ArgumentError(f"Tried to write to index {index} of a TensorArray of size {len(self._entries)}.")
            self._entries += [None] * (index + 1 - len(self._entries))
        self._entries[index] = as_tensor(value, self.dtype)
        return self

    def read(self, index):
        value = self._entries[int(index)]
        if value is None:
            raise ArgumentError(f"Index {int(index)} of the TensorArray was never written.")
        return value

    def stack(self):
        return stack([self.read(index) for index in range(len(self._entries))])

    def concat(self):
        return concat([self.read(index) for index in range(len(self._entries))], 0)

    def gather(self, indices):
        return stack([self.read(index) for index in as_tensor(indices).numpy()])

    def scatter(self, indices, value):
        """Write each entry of `value` at its number."""
        for index, entry in zip(as_tensor(indices).numpy(), as_tensor(value, self.dtype), strict=True):
            self.write(index, entry)
        return self

    def split(self, value, lengths):
        """Write the parts of `value` that have those lengths."""
        value, start = as_tensor(value, self.dtype), 0
        for index, length in enumerate(as_tensor(lengths).numpy()):
            self.write(index, value[start : start + int(length)])
            start += int(length)
        return self

    def unstack(self, value):
        self._entries = list(as_tensor(value, self.dtype))
        return self

    def identity(self):
        return self
