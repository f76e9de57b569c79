"""Numbers of parameters that Keras' documentation gives, and that the papers round."""

import pytest

from anmok import applications

FAST = {
    "Xception": 22_910_480,
    "InceptionV3": 23_851_784,
    "NASNetMobile": 5_326_716,
    "EfficientNetB0": 5_330_571,
    "EfficientNetV2B0": 7_200_312,
    "ConvNeXtTiny": 28_589_128,
}
SLOW = {
    "InceptionResNetV2": 55_873_736,
    "NASNetLarge": 88_949_818,
    "EfficientNetB1": 7_856_239,
    "EfficientNetB2": 9_177_569,
    "EfficientNetB3": 12_320_535,
    "EfficientNetB4": 19_466_823,
    "EfficientNetB5": 30_562_527,
    "EfficientNetB6": 43_265_143,
    "EfficientNetB7": 66_658_687,
    "EfficientNetV2B1": 8_212_124,
    "EfficientNetV2B2": 10_178_374,
    "EfficientNetV2B3": 14_467_622,
    "EfficientNetV2S": 21_612_360,
    "EfficientNetV2M": 54_431_388,
    "EfficientNetV2L": 119_027_848,
    "ConvNeXtSmall": 50_223_688,
    "ConvNeXtBase": 88_591_464,
    "ConvNeXtLarge": 197_767_336,
}


@pytest.mark.parametrize(
    "network, parameters",
    [*FAST.items(), *(pytest.param(*entry, marks=pytest.mark.slow) for entry in SLOW.items())],
)
def test_a_network_has_the_published_parameters(network, parameters):
    assert getattr(applications, network)(weights=None).count_params() == parameters
