"""Functions of each value by itself, and arithmetic between tensors."""

import functools
import math
import operator

import torch

from anmok.compat.functions.calling import function
from anmok.compat.functions.values import floating, tensor, tensors, torch_dtype
from anmok.compat.texts import StringTensor, as_strings
from anmok.errors import ArgumentError

_HALF = {torch.int8: torch.float32, torch.int16: torch.float32, torch.uint8: torch.float32, torch.bool: torch.float32}


def _of_floats(name, compute, says):
    def implementation(x):
        return compute(floating(x))

    implementation.__name__ = name
    implementation.__doc__ = f"{says}, by value; float32 for whole numbers."
    return function(implementation)


def _of_all(name, compute, says):
    def implementation(x):
        return compute(tensor(x))

    implementation.__name__ = name
    implementation.__doc__ = f"{says}, by value."
    return function(implementation)


acos = _of_floats("acos", torch.acos, "The angle whose cosine x is")
acosh = _of_floats("acosh", torch.acosh, "The number whose hyperbolic cosine x is")
asin = _of_floats("asin", torch.asin, "The angle whose sine x is")
asinh = _of_floats("asinh", torch.asinh, "The number whose hyperbolic sine x is")
atan = _of_floats("atan", torch.atan, "The angle whose tangent x is")
atanh = _of_floats("atanh", torch.atanh, "The number whose hyperbolic tangent x is")
cbrt = _of_floats("cbrt", lambda x: x.sign() * x.abs() ** (1 / 3), "The cube root")
ceil = _of_floats("ceil", torch.ceil, "The next whole number above")
cos = _of_floats("cos", torch.cos, "The cosine")
cosh = _of_floats("cosh", torch.cosh, "The hyperbolic cosine")
deg2rad = _of_floats("deg2rad", torch.deg2rad, "Degrees as radians")
digamma = _of_floats("digamma", torch.digamma, "The derivative of log of the gamma function")
erf = _of_floats("erf", torch.erf, "The error function")
erfc = _of_floats("erfc", torch.erfc, "1 - the error function")
erfinv = _of_floats("erfinv", torch.erfinv, "The inverse of the error function")
exp = _of_floats("exp", torch.exp, "e to the x")
exp2 = _of_floats("exp2", torch.exp2, "2 to the x")
expm1 = _of_floats("expm1", torch.expm1, "exp(x) - 1 without cancellation")
fabs = _of_floats("fabs", torch.abs, "The absolute value")
floor = _of_floats("floor", torch.floor, "The next whole number below")
i0 = _of_floats("i0", torch.i0, "The modified Bessel function of order 0")
lgamma = _of_floats("lgamma", torch.lgamma, "The logarithm of the absolute gamma function")
log = _of_floats("log", torch.log, "The natural logarithm")
log10 = _of_floats("log10", torch.log10, "The logarithm to base 10")
log1p = _of_floats("log1p", torch.log1p, "log(1 + x) without cancellation")
log2 = _of_floats("log2", torch.log2, "The logarithm to base 2")
rad2deg = _of_floats("rad2deg", torch.rad2deg, "Radians as degrees")
reciprocal = _of_floats("reciprocal", torch.reciprocal, "1 / x")
reciprocal_no_nan = _of_floats(
    "reciprocal_no_nan", lambda x: torch.where(x == 0, 0.0, 1 / torch.where(x == 0, 1.0, x)), "1 / x, 0 where x is 0"
)
rint = _of_floats("rint", torch.round, "The nearest whole number, the even one of two")
rsqrt = _of_floats("rsqrt", torch.rsqrt, "1 / the square root")
sin = _of_floats("sin", torch.sin, "The sine")
sinc = _of_floats("sinc", torch.sinc, "sin(pi x) / (pi x)")
sinh = _of_floats("sinh", torch.sinh, "The hyperbolic sine")
sqrt = _of_floats("sqrt", torch.sqrt, "The square root")
clipped_sqrt = _of_floats("clipped_sqrt", lambda x: torch.sqrt(x.clamp_min(0)), "The square root, 0 below 0")
tan = _of_floats("tan", torch.tan, "The tangent")
trunc = _of_all("trunc", torch.trunc, "x without what stands after the point")

absolute = _of_all("absolute", lambda x: x if x.dtype is torch.bool else torch.abs(x), "The absolute value")
angle = _of_floats("angle", torch.angle, "The angle in the complex plane, in radians")
conj = _of_all("conj", lambda x: torch.conj(x).resolve_conj(), "The complex conjugate")
identity = _of_all("identity", lambda x: x.view_as(x), "x itself")
imag = _of_all("imag", lambda x: torch.imag(x) if x.is_complex() else torch.zeros_like(x), "The imaginary part")
isfinite = _of_all("isfinite", torch.isfinite, "Whether it is a finite number")
isinf = _of_all("isinf", torch.isinf, "Whether it is infinite")
isnan = _of_all("isnan", torch.isnan, "Whether it is no number")
isneginf = _of_all("isneginf", torch.isneginf, "Whether it is minus infinity")
isposinf = _of_all("isposinf", torch.isposinf, "Whether it is plus infinity")
isreal = _of_all("isreal", torch.isreal, "Whether it has no imaginary part")
logical_not = _of_all("logical_not", torch.logical_not, "Not x")
bitwise_not = _of_all("bitwise_not", torch.bitwise_not, "All bits turned over")
negative = _of_all("negative", torch.neg, "-x")
real = _of_all("real", torch.real, "The real part")
round_ = _of_all("round", torch.round, "The nearest whole number, the even one of two")
sign = _of_all("sign", torch.sign, "-1, 0 or 1")
signbit = _of_all("signbit", torch.signbit, "Whether the sign is a minus")
square = _of_all("square", lambda x: x.to(torch.int32).square() if x.dtype is torch.bool else x.square(), "x * x")
stop_gradient = _of_all("stop_gradient", torch.Tensor.detach, "x itself, through which no gradient flows")


def _of_two(name, compute, says, *, as_floats=False):
    def implementation(x, y):
        x, y = tensors(x, y)
        if as_floats and not (x.is_floating_point() or x.is_complex()):
            x, y = x.float(), y.float()
        return compute(x, y)

    implementation.__name__ = name
    implementation.__doc__ = f"{says}, value by value, spread out to a common shape."
    return function(implementation)


add = _of_two("add", torch.add, "x + y")
subtract = _of_two("subtract", torch.sub, "x - y")
multiply = _of_two("multiply", torch.mul, "x * y")
true_divide = _of_two("true_divide", torch.true_divide, "x / y; float32 for whole numbers")
floor_divide = _of_two("floor_divide", torch.floor_divide, "x / y rounded down")
mod = _of_two("mod", torch.remainder, "The rest of x / y, with the sign of y")
fmod = _of_two("fmod", torch.fmod, "The rest of x / y, with the sign of x")
truncated_divide = _of_two("truncated_divide", lambda x, y: torch.div(x, y, rounding_mode="trunc"), "x / y towards 0")
maximum = _of_two("maximum", torch.maximum, "The larger one")
minimum = _of_two("minimum", torch.minimum, "The smaller one")
fmax = _of_two("fmax", torch.fmax, "The larger one, of numbers and NaN the number")
fmin = _of_two("fmin", torch.fmin, "The smaller one, of numbers and NaN the number")
squared_difference = _of_two("squared_difference", lambda x, y: (x - y) ** 2, "(x - y) squared")
multiply_no_nan = _of_two("multiply_no_nan", lambda x, y: torch.where(y == 0, 0.0, x * y), "x * y, 0 where y is 0")
xlogy = _of_two("xlogy", torch.xlogy, "x * log(y), 0 where x is 0", as_floats=True)
xlog1py = _of_two("xlog1py", lambda x, y: torch.xlogy(x, y + 1), "x * log(y + 1), 0 where x is 0", as_floats=True)
xdivy = _of_two(
    "xdivy", lambda x, y: torch.where(x == 0, 0.0, x / torch.where(x == 0, 1.0, y)), "x / y, 0 where x is 0"
)
arctan2 = _of_two("arctan2", torch.atan2, "The angle of the point (y, x)", as_floats=True)
hypot = _of_two("hypot", torch.hypot, "The root of x^2 + y^2", as_floats=True)
logaddexp = _of_two("logaddexp", torch.logaddexp, "log(exp(x) + exp(y))", as_floats=True)
logaddexp2 = _of_two("logaddexp2", torch.logaddexp2, "log2(2^x + 2^y)", as_floats=True)
nextafter = _of_two("nextafter", torch.nextafter, "The next number after x towards y", as_floats=True)
heaviside = _of_two("heaviside", torch.heaviside, "0 below 0, 1 above, y at 0", as_floats=True)
gcd = _of_two("gcd", torch.gcd, "The greatest common divisor")
lcm = _of_two("lcm", torch.lcm, "The least common multiple")
_equal = _of_two("equal", torch.eq, "x = y")
_not_equal = _of_two("not_equal", torch.ne, "Not x = y")
less = _of_two("less", torch.lt, "x < y")
less_equal = _of_two("less_equal", torch.le, "x <= y")
greater = _of_two("greater", torch.gt, "x > y")
greater_equal = _of_two("greater_equal", torch.ge, "x >= y")
logical_and = _of_two("logical_and", torch.logical_and, "x and y")
logical_or = _of_two("logical_or", torch.logical_or, "x or y")
logical_xor = _of_two("logical_xor", torch.logical_xor, "Either x or y")
bitwise_and = _of_two("bitwise_and", torch.bitwise_and, "The bits of both")
bitwise_or = _of_two("bitwise_or", torch.bitwise_or, "The bits of either")
bitwise_xor = _of_two("bitwise_xor", torch.bitwise_xor, "The bits of one alone")
bitwise_left_shift = _of_two("bitwise_left_shift", torch.bitwise_left_shift, "x shifted left by y bits")
bitwise_right_shift = _of_two("bitwise_right_shift", torch.bitwise_right_shift, "x shifted right by y bits")


def _or_of_texts(of_numbers, of_texts):
    @functools.wraps(of_numbers)
    def call(*args, **kwargs):
        if len(args) == 2 and any(isinstance(value, (str, bytes, StringTensor)) for value in args):
            return of_texts(as_strings(args[0]), as_strings(args[1]))
        return of_numbers(*args, **kwargs)

    return call


equal, not_equal = _or_of_texts(_equal, operator.eq), _or_of_texts(_not_equal, operator.ne)


@function
def divide(x, y):
    """x / y, value by value; whole numbers become float64 as in TensorFlow (float32 those of up to 16 bits)."""
    x, y = tensors(x, y)
    if x.is_floating_point() or x.is_complex():
        return x / y
    wide = _HALF.get(x.dtype, torch.float64)
    return x.to(wide) / y.to(wide)


@function
def divide_no_nan(x, y):
    """x / y, and 0 where y is 0."""
    x, y = tensors(x, y)
    if not x.is_floating_point():
        x, y = x.float(), y.float()
    return torch.where(y == 0, 0.0, x / torch.where(y == 0, 1.0, y))


@function
def power(x, y):
    """x to the y; whole numbers stay whole."""
    x, y = tensors(x, y)
    return torch.pow(x, y)


@function
def ldexp(x, y):
    """x * 2^y."""
    return floating(x) * torch.exp2(floating(y))


@function
def add_n(inputs):
    """The sum of a list of tensors of one shape."""
    return sum(tensors(*inputs)[1:], tensors(*inputs)[0])


@function
def cast(x, dtype):
    """x in another number format; fractions are cut towards 0, truth values are 0 and 1."""
    return tensor(x).to(torch_dtype(dtype))


@function
def saturate_cast(x, dtype):
    """x in another number format, what lies beyond its range at the range's end."""
    x, dtype = tensor(x), torch_dtype(dtype)
    if dtype is torch.bool:
        return x.to(dtype)
    limits = torch.iinfo(dtype) if not dtype.is_floating_point else torch.finfo(dtype)
    if x.is_floating_point() and not dtype.is_floating_point:
        # float32 has no number for the largest int32: the comparison is made in float64, and the end put in place.
        wide = x.double()
        kept = wide.clamp(limits.min, limits.max)
        return torch.where(wide >= limits.max, limits.max, kept.to(dtype) if dtype is not torch.int64 else x.to(dtype))
    return x.clamp(max(limits.min, _least(x)), min(limits.max, _most(x))).to(dtype)


def _least(x):
    return -math.inf if x.is_floating_point() else torch.iinfo(x.dtype).min


def _most(x):
    return math.inf if x.is_floating_point() else torch.iinfo(x.dtype).max


@function
def clip(x, x_min, x_max):
    """x, cut to x_min..x_max (numbers or tensors; None is no limit)."""
    x = tensor(x)
    for limit, compute in ((x_min, torch.maximum), (x_max, torch.minimum)):
        if limit is None:
            continue
        if type(limit) in (int, float) and (x.is_floating_point() or type(limit) is int):
            x = x.clamp_min(limit) if compute is torch.maximum else x.clamp_max(limit)
        else:
            x = compute(*tensors(x, limit))
    return x


@function
def clip_by_value(t, clip_value_min, clip_value_max):
    """t, cut to clip_value_min..clip_value_max."""
    return clip.implementation(t, clip_value_min, clip_value_max)


@function
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """x with numbers in place of NaN and the infinities (None: the largest and smallest there are)."""
    return torch.nan_to_num(tensor(x), nan, posinf, neginf)


@function
def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether |x1 - x2| <= atol + rtol * |x2|, value by value."""
    return torch.isclose(*tensors(x1, x2), rtol, atol, equal_nan)


@function
def allclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether `isclose` holds everywhere."""
    return torch.isclose(*tensors(x1, x2), rtol, atol, equal_nan).all()


@function
def complex_(real, imag):
    """Complex numbers out of their real and imaginary parts."""
    return torch.complex(*tensors(real, imag))


@function
def polar(abs_, angle):
    """Complex numbers out of their lengths and angles, in radians."""
    return torch.polar(*tensors(abs_, angle))


@function
def polyval(coeffs, x):
    """The polynomial with these coefficients, the highest power first, at x."""
    if not isinstance(coeffs, (list, tuple)):
        raise ArgumentError(f"polyval: expected a list of coefficients, got {type(coeffs).__name__}.")
    x = tensor(x)
    result = torch.zeros_like(x)
    for coefficient in coeffs:
        result = result * x + tensors(coefficient, x)[0]
    return result
