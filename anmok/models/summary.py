"""The table of layers that `model.summary()` prints."""


def summarize(model, **options):
    raise NotImplementedError
