"""What pyproject.toml cannot say: the folder lessons/ is installed as anmok.lessons, beside the packages found."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["anmok", "anmok.*"]), "anmok.lessons"], package_dir={"anmok.lessons": "lessons"}
)
