"""What a person can do about an error that is not anmok's: a sentence to stand beneath it."""

import re

_DISTRIBUTIONS = {"skimage": "scikit-image", "yaml": "pyyaml", "bs4": "beautifulsoup4", "imblearn": "imbalanced-learn"}


def advice(name, text):
    """A sentence on an error, given its class name and its message; "" where there is nothing to say."""
    if name == "SyntaxError" and "Missing parentheses in call to" in text:
        return "The program was written for Python 2: print is a function today, print(...); 2to3 converts whole files."
    module = re.search(r"No module named '([^'.]+)'", text)
    if name == "ModuleNotFoundError" and module:
        wanted = _DISTRIBUTIONS.get(module[1], module[1])
        return (
            f"pip install {wanted} brings it; or, if it is a file of the course, put {module[1]}.py beside the program."
        )
    path = re.search(r"No such file or directory: '([^']+)'", text)
    if name == "FileNotFoundError" and path:
        return f"If you have it elsewhere: --data {path[1]}=PATH."
    return ""


def with_advice(name, said, text):
    """What is said of an error, the advice on it in a line of its own."""
    sentence = advice(name, text)
    return f"{said}\n{sentence}" if sentence else said
