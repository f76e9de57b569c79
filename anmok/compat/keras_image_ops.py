"""keras.ops.image of Keras 3."""

from anmok.compat.functions import windows
from anmok.compat.functions.calling import function
from anmok.compat.functions.values import floating, integers, tensor
from anmok.compat.pictures import coloring, measuring, resizing
from anmok.errors import ArgumentError
from anmok.layers.interpolation import bars, largest_box


def _batch(x, data_format):
    """(images (B, H, W, C), what brings a result back to the order and rank of x)."""
    x = tensor(x)
    first = data_format == "channels_first"
    if data_format not in (None, "channels_last", "channels_first"):
        raise ArgumentError(f"data_format must be 'channels_last' or 'channels_first', got {data_format!r}.")
    single = x.ndim == 3
    x = x[None] if single else x
    x = x.movedim(1, -1) if first else x

    def back(result):
        result = result.movedim(-1, 1) if first else result
        return result[0] if single else result

    return x, back


@function(name="keras_image_resize")
def resize(
    images,
    size,
    interpolation="bilinear",
    antialias=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    fill_mode="constant",
    fill_value=0.0,
    data_format=None,
):
    """Pictures at `size` (height, width), cut or filled up to its shape first if asked for; in the format they have."""
    x, back = _batch(images, data_format)
    kind, (height, width) = x.dtype, integers(size)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError("resize: crop_to_aspect_ratio and pad_to_aspect_ratio cannot both be True.")
    if crop_to_aspect_ratio:
        top, left, inner_height, inner_width = largest_box(x.shape[1], x.shape[2], like=(height, width))
        x = x[:, top : top + inner_height, left : left + inner_width]
    if pad_to_aspect_ratio:
        if fill_mode != "constant":
            raise ArgumentError(f"resize: fill_mode must be 'constant', got {fill_mode!r}.")
        rows, columns = bars(x.shape[1], x.shape[2], like=(height, width))
        x = _padded(x, rows, rows, columns, columns, fill_value)
    result = resizing.resized(x, height, width, interpolation, antialias)
    if not kind.is_floating_point and result.is_floating_point():
        result = result.round()
    return back(result.to(kind))


def _padded(x, top, bottom, left, right, value=0):
    shape = (x.shape[0], x.shape[1] + top + bottom, x.shape[2] + left + right, x.shape[3])
    result = x.new_full(shape, value)
    result[:, top : top + x.shape[1], left : left + x.shape[2]] = x
    return result


def _margins(length, before, after, target, what):
    """(before, after) of which one may follow from the target length."""
    given = sum(part is not None for part in (before, after, target))
    if given != 2:
        raise ArgumentError(f"{what}: give two of the margins before and after and the target size, got {given}.")
    return before, after, target


@function(name="keras_image_pad_images")
def pad_images(
    images,
    top_padding=None,
    left_padding=None,
    bottom_padding=None,
    right_padding=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Pictures with zeros around them."""
    x, back = _batch(images, data_format)
    pairs = []
    for length, before, after, target in (
        (x.shape[1], top_padding, bottom_padding, target_height),
        (x.shape[2], left_padding, right_padding, target_width),
    ):
        before, after, target = _margins(length, before, after, target, "pad_images")
        before = target - length - after if before is None else before
        pairs += [before, target - length - before if after is None else after]
    return back(_padded(x, *pairs))


@function(name="keras_image_crop_images")
def crop_images(
    images,
    top_cropping=None,
    left_cropping=None,
    bottom_cropping=None,
    right_cropping=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Pictures without their margins."""
    x, back = _batch(images, data_format)
    ends = []
    for length, before, after, target in (
        (x.shape[1], top_cropping, bottom_cropping, target_height),
        (x.shape[2], left_cropping, right_cropping, target_width),
    ):
        before, after, target = _margins(length, before, after, target, "crop_images")
        before = length - target - after if before is None else before
        ends.append((before, before + target if after is None else length - after))
    (top, bottom), (left, right) = ends
    return back(x[:, top:bottom, left:right])


@function(name="keras_image_extract_patches")
def extract_patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Each window of pictures as one vector, row by row, channels last."""
    x, back = _batch(images, data_format)
    return back(windows.extract_patches.implementation(x, size, strides, dilation_rate, padding))


def _colors(of, name):
    """A function of colours of tf.image, in whichever order the channels are."""

    @function(name=f"keras_image_{name}")
    def made(images, data_format=None):
        x, back = _batch(images, data_format)
        return back(of.implementation(floating(x)).to(x.dtype))

    made.__doc__ = of.__doc__
    return made


NAMES = {
    "crop_images": crop_images,
    "extract_patches": extract_patches,
    "hsv_to_rgb": _colors(coloring.hsv_to_rgb, "hsv_to_rgb"),
    "pad_images": pad_images,
    "resize": resize,
    "rgb_to_grayscale": _colors(coloring.rgb_to_grayscale, "rgb_to_grayscale"),
    "rgb_to_hsv": _colors(coloring.rgb_to_hsv, "rgb_to_hsv"),
    "sobel_edges": measuring.sobel_edges,
    "ssim": measuring.ssim,
}
