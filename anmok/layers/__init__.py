"""Keras' layers as torch modules, one family a file."""
# ruff: noqa: F401 - a shop window: the names are for others

from anmok.layers import (
    closing,  # lets a call use symbolic tensors from around it
    operators,  # gives symbolic tensors their arithmetic
    residual,  # known to files, exported nowhere, as in Keras
)
from anmok.layers.activation import ELU, LeakyReLU, PReLU, ReLU, ScaledTanh, Softmax, ThresholdedReLU
from anmok.layers.auxiliary import AuxiliaryOutputs
from anmok.layers.convolution import Conv1D, Conv2D, Convolution1D, Convolution2D
from anmok.layers.convolution_transpose import (
    Conv1DTranspose,
    Conv2DTranspose,
    Convolution1DTranspose,
    Convolution2DTranspose,
)
from anmok.layers.core import Activation, Dense, Identity, Lambda
from anmok.layers.depthwise import (
    DepthwiseConv1D,
    DepthwiseConv2D,
    SeparableConv1D,
    SeparableConv2D,
    SeparableConvolution1D,
    SeparableConvolution2D,
)
from anmok.layers.image_mixing import CutMix, MixUp
from anmok.layers.input import Input, InputLayer
from anmok.layers.input_spec import InputSpec
from anmok.layers.layer import Layer
from anmok.layers.local_response import LocalResponseNormalization
from anmok.layers.merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from anmok.layers.naming import forget_names
from anmok.layers.normalization import BatchNormalization, GroupNormalization, LayerNormalization, UnitNormalization
from anmok.layers.operators import Operation
from anmok.layers.pipeline import Pipeline
from anmok.layers.pooling import (
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D,
    AveragePooling1D,
    AveragePooling2D,
    AvgPool1D,
    AvgPool2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPool1D,
    MaxPool2D,
    MaxPooling1D,
    MaxPooling2D,
)
from anmok.layers.preprocessing import CenterCrop, Normalization, Rescaling, Resizing
from anmok.layers.radial_basis import RadialBasis
from anmok.layers.random_color import (
    RandomBrightness,
    RandomColorDegeneration,
    RandomColorJitter,
    RandomContrast,
    RandomGrayscale,
    RandomHue,
    RandomInvert,
    RandomSaturation,
)
from anmok.layers.random_filters import RandomErasing, RandomGaussianBlur, RandomSharpness
from anmok.layers.random_geometry import (
    RandomCrop,
    RandomFlip,
    RandomPerspective,
    RandomRotation,
    RandomShear,
    RandomTranslation,
    RandomZoom,
)
from anmok.layers.random_policy import AugMix, RandAugment
from anmok.layers.random_size import RandomHeight, RandomWidth
from anmok.layers.registered import deserialize, get, serialize
from anmok.layers.regularization import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
)
from anmok.layers.reshaping import (
    Cropping1D,
    Cropping2D,
    Flatten,
    Permute,
    RepeatVector,
    Reshape,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)
from anmok.layers.sparse_convolution import SparseConv2D
from anmok.layers.subsampling import Subsampling2D
from anmok.layers.symbolic import KerasTensor
from anmok.layers.tone_curves import AutoContrast, Equalization, RandomPosterization, Solarization
from anmok.layers.weight import Weight
