"""How the elements of a Dataset look to a person: in loops over it, and in the functions given to map and filter.

Inside, a leaf is a torch tensor, text, or an array of texts. A Face may show it as something else, and says what
stands for a leaf where a function returns one. One face is in use at a time; a look of another kind replaces it.
"""


class Face:
    """Leaves as they are; a list that a function returns stands for one array."""

    lists_are_tuples = False

    def shown(self, leaf):
        """What a person sees of a leaf."""
        return leaf

    def spec(self, spec):
        """What a person sees of a leaf's TensorSpec."""
        return spec

    def taken(self, value):
        """A leaf, or what anmok.data.elements makes one of, out of what a person gave or returned."""
        return value


PLAIN = Face()
_in_use = PLAIN


def use(face):
    """Put on another Face (None: the plain one); returns the one that was on."""
    global _in_use
    before, _in_use = _in_use, PLAIN if face is None else face
    return before


def in_use():
    """The Face that is on."""
    return _in_use
