"""Layers that choose at random among other layers: RandAugment and AugMix, as Keras has them."""

import torch

from anmok.layers.arguments import choice, integer
from anmok.layers.random_color import ColorLayer, RandomBrightness, RandomColorDegeneration, RandomContrast
from anmok.layers.random_filters import RandomSharpness
from anmok.layers.random_geometry import RandomRotation, RandomShear, RandomTranslation
from anmok.layers.registered import add
from anmok.layers.spans import from_zero, number, span
from anmok.layers.tone_curves import AutoContrast, Equalization, RandomPosterization, Solarization
from anmok.layers.warping import INTERPOLATIONS

_NOT_IN_AUGMIX = ("random_brightness", "random_color_degeneration", "random_contrast", "random_sharpness")


def _operations(factor, *, interpolation, value_range, data_format):
    """The layers that are chosen among, by name, each as strong as the span `factor` (lower, upper) says."""
    moved = {"interpolation": interpolation, "data_format": data_format}
    colored = {"value_range": value_range, "data_format": data_format}
    layers = (
        RandomShear(factor, factor, name="random_shear", **moved),
        RandomTranslation(factor, factor, name="random_translation", **moved),
        RandomRotation(factor, name="random_rotation", **moved),
        RandomBrightness(factor, name="random_brightness", **colored),
        RandomColorDegeneration(factor, name="random_color_degeneration", **colored),
        RandomContrast(factor, name="random_contrast", **colored),
        RandomSharpness(factor, name="random_sharpness", **colored),
        RandomPosterization(max(1, int(8 * factor[1])), name="random_posterization", **colored),
        Solarization(factor, factor, name="solarization", **colored),
        AutoContrast(name="auto_contrast", **colored),
        Equalization(name="equalization", **colored),
    )
    return {layer.name: layer for layer in layers}


class _PolicyLayer(ColorLayer):
    def __init__(self, factor, interpolation, **kwargs):
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.factor = span(owner, "factor", factor, within=(0, 1), alone=from_zero)
        self.interpolation = choice(owner, "interpolation", interpolation, INTERPOLATIONS)
        self._operations = _operations(
            self.factor,
            interpolation=self.interpolation,
            value_range=self.value_range,
            data_format=self.data_format,
        )


@add
class RandAugment(_PolicyLayer):
    """In training puts the images of a batch through `num_ops` operations out of 11, as in Keras (Cubuk et al. 2019).

    The operations are drawn for the batch, how strong they are for each image. factor: the most, from 0 to 1, or
    (lower, upper): what each operation's own layer takes. interpolation: of shear, translation and rotation.
    """

    def __init__(
        self,
        value_range=(0, 255),
        num_ops=2,
        factor=0.5,
        interpolation="bilinear",
        seed=None,
        data_format=None,
        **kwargs,
    ):
        options = {"value_range": value_range, "seed": seed, "data_format": data_format}
        super().__init__(factor, interpolation, **options, **kwargs)
        self.num_ops = integer("RandAugment", "num_ops", num_ops, least=0)

    def draw(self, rng, shape):
        """names: of the operations, in order. drawn: what each of them drew."""
        names = [str(name) for name in rng.choice(list(self._operations), self.num_ops)]
        return {"names": names, "drawn": [self._operations[name].draw(rng, shape) for name in names]}

    def apply(self, images, *, names, drawn):
        for name, own in zip(names, drawn, strict=True):
            images = self._operations[name].apply(images, **own)
        return images

    def apply_to_masks(self, masks, *, names, drawn):
        for name, own in zip(names, drawn, strict=True):
            masks = self._operations[name].apply_to_masks(masks, **own)
        return masks


@add
class AugMix(_PolicyLayer):
    """In training mixes the images of a batch with what chains of operations make of them (Hendrycks et al. 2019).

    As in Keras: `num_chains` chains of up to `chain_depth` operations are drawn for the batch, and with weights drawn
    from Dirichlet(alpha) and Beta(alpha, alpha) mixed with one another and with the images. factor: as of RandAugment.
    all_ops: whether brightness, contrast, sharpness and the taking of colour are among the operations.
    """

    def __init__(
        self,
        value_range=(0, 255),
        num_chains=3,
        chain_depth=3,
        factor=0.3,
        alpha=1.0,
        all_ops=True,
        interpolation="bilinear",
        seed=None,
        data_format=None,
        **kwargs,
    ):
        options = {"value_range": value_range, "seed": seed, "data_format": data_format}
        super().__init__(factor, interpolation, **options, **kwargs)
        self.num_chains = integer("AugMix", "num_chains", num_chains)
        self.chain_depth = integer("AugMix", "chain_depth", chain_depth)
        self.alpha = number("AugMix", "alpha", alpha, least=1e-6)
        self.all_ops = bool(all_ops)

    def draw(self, rng, shape):
        """chains: lists of (name, draws). weights: (num_chains,), of sum 1. original: the weight of the images."""
        names = [name for name in self._operations if self.all_ops or name not in _NOT_IN_AUGMIX]
        weights = rng.dirichlet([self.alpha] * self.num_chains)
        original = float(rng.beta(self.alpha, self.alpha))
        chains = []
        for _ in range(self.num_chains):
            # One more than there are operations: nothing.
            steps = [step for step in rng.integers(0, len(names) + 1, self.chain_depth) if step < len(names)]
            chains.append(
                [{"name": names[step], "drawn": self._operations[names[step]].draw(rng, shape)} for step in steps]
            )
        return {"chains": chains, "weights": weights, "original": original}

    def apply(self, images, *, chains, weights, original):
        return self.clipped(self._mixed(images, "apply", chains, weights, original))

    def apply_to_masks(self, masks, *, chains, weights, original):
        masks = masks if masks.is_floating_point() else masks.to(torch.float32)
        return self._mixed(masks, "apply_to_masks", chains, weights, original)

    def _mixed(self, x, function, chains, weights, original):
        mixed = torch.zeros_like(x)
        for weight, chain in zip(weights, chains, strict=True):
            changed = x
            for step in chain:
                changed = getattr(self._operations[step["name"]], function)(changed, **step["drawn"])
            mixed = mixed + weight * changed
        return original * x + (1 - original) * mixed
