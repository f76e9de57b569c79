"""The lines of a notebook that are no Python: `!pip install ...`, `%tensorflow_version 2.x`, `!wget URL`.

What installs or asks for a graphics card is left out with a note; what fetches or unpacks is done here, in Python, out
of --data and the cache first; what is harmless runs in the shell, in the run's folder.
"""

import contextlib
import os
import re
import shlex
import subprocess
import sys
import urllib.parse
from pathlib import Path, PurePosixPath

from anmok.compat.running import found_data
from anmok.errors import AnmokError

_INSTALLERS = ("pip", "pip3", "apt", "apt-get", "conda", "mamba", "uv", "npm", "add-apt-repository", "dpkg")
_WRAPPERS = ("sudo", "time", "nohup", "yes")
_PYTHONS = ("python", "python3", sys.executable)
_SPLIT = re.compile(r"\s*(?:&&|;|\|\|)\s*")
_SHELLY = re.compile(r"[|<>`$&]|\bfor\b|\bif\b")
_MAGICS_NOTED = ("tensorflow_version", "tensorboard", "load_ext", "reload_ext", "pip", "conda", "autoreload", "env")


class Commands:
    """What a run does with such lines. notes(text) tells the person; data is the run's FoundData."""

    def __init__(self, *, data, layer, note, trial=False):
        self._data = data
        self._layer = layer
        self._note = note
        self._trial = trial
        self._own = {
            "wget": self._wget,
            "curl": self._curl,
            "gdown": self._gdown,
            "kaggle": self._kaggle,
            "unzip": self._unzip,
            "tar": self._untar,
            "git": self._git,
            "cd": lambda words: None,  # each line has a shell of its own: it is forgotten at the line's end
            "nvidia-smi": lambda words: self._without("nvidia-smi", "anmok needs no graphics card"),
            "nvcc": lambda words: self._without("nvcc", "anmok needs no graphics card"),
        }

    def system(self, line):
        """Do what a `!` line says, or note that it is left out; returns the exit code."""
        code = 0
        parts = [line] if re.search(r"\bfor\b.*\bdo\b|\bif\b.*\bthen\b", line) else _SPLIT.split(line.strip())
        for part in parts:
            if part:
                code = self._one(part)
        return code

    def getoutput(self, line):
        """What a `!` line prints, when the program keeps it: `names = !ls`."""
        words = _words(line)
        if words and (words[0] in self._own or words[0] in _INSTALLERS):
            self.system(line)
            return ""
        return self._shell(line, keep=True)

    def magic(self, name, line):
        """Note a magic that is left out; True if it was one of those."""
        if name in ("pip", "conda"):
            self._left_out(f"%{name} {line}")
            return True
        if name in _MAGICS_NOTED and name not in ("env", "autoreload"):
            if name.endswith("load_ext") and "tensorboard" not in line and "tensorflow" not in line:
                return False
            self._note(f"%{name} {line}: left out")
            return True
        return False

    def _one(self, command):
        words = _words(command)
        while words and words[0] in _WRAPPERS:
            words = words[1:]
        if not words:
            return 0
        name = os.path.basename(words[0])
        if name in _INSTALLERS or (name in _PYTHONS and words[1:3] == ["-m", "pip"]):
            self._left_out(" ".join(words))
        elif name in self._own:
            try:
                self._own[name](words[1:])
            except AnmokError as error:
                self._note(f"!{_short(command)}: {error}")
                return 1
        elif name in _PYTHONS and len(words) > 1 and words[1].endswith(".py"):
            return self._python(words[1:])
        else:
            self._shell(command)
            return 0
        return 0

    def _left_out(self, command):
        self._note(f"!{_short(command).lstrip('!%')}: left out, anmok installs nothing")

    def _without(self, command, reason):
        self._note(f"!{command}: left out, {reason}")

    def _python(self, words):
        script = self._layer.led(words[0], self._layer.found)
        command = [sys.executable, "-m", "anmok.compat", script, "--out", os.fspath(Path.cwd() / Path(script).stem)]
        return self._run([*command, *(["--trial"] if self._trial else []), "--", *words[1:]])

    def _shell(self, command, *, keep=False):
        """Run a line in the shell, its paths led to the stage."""
        led = " ".join(self._led(word) for word in re.split(r"(?<!\\)\s+", command.strip()))
        self._layer.led(".", self._layer.listed)
        if keep:
            return subprocess.run(led, shell=True, text=True, stdout=subprocess.PIPE, check=False).stdout
        return self._run(led, shell=True)

    def _run(self, command, **how):
        """Run and print what comes, line by line, where the program prints."""
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **how
        ) as process:
            for line in process.stdout:
                print(line, end="", flush=True)
        return process.returncode

    def _led(self, word):
        """A word of a shell line, led to the stage where it is a path."""
        bare = word.strip("'\"")
        if not bare or bare.startswith("-") or _SHELLY.search(word) or ("*" in word and "/" not in word):
            return word
        folder, star = (os.path.dirname(bare), os.path.basename(bare)) if "*" in bare else (bare, "")
        led = self._layer.led(folder, self._layer.listed) if folder else folder
        if led == folder:
            return word
        return f"{shlex.quote(led)}/{star}" if star else shlex.quote(led)

    # What fetches --------------------------------------------------------------------------------------------------

    def bring(self, source, target):
        """Let a file or folder that was found be at the program's path `target`."""
        place = os.path.abspath(self._layer.led(target, self._layer.made))
        with self._layer.aside():
            os.makedirs(os.path.dirname(place), exist_ok=True)
            if os.path.isdir(place) and not os.path.isdir(source):
                place = os.path.join(place, os.path.basename(source))
            self._data.put(found_data.Given(target, source), place)

    def _wget(self, words):
        options, rest = _options(words, "-O", "--output-document", "-P", "--directory-prefix", "-o")
        for url in [word for word in rest if "://" in word or word.startswith("www.")]:
            name = PurePosixPath(urllib.parse.urlsplit(url).path).name
            target = options.get("-O") or options.get("--output-document") or name
            folder = options.get("-P") or options.get("--directory-prefix") or ""
            self.bring(self._data.fetched(url, os.path.basename(target)), os.path.join(folder, target))

    def _curl(self, words):
        options, rest = _options(words, "-o", "--output", "-H", "-d", "-X", "-b", "-c")
        for url in [word for word in rest if "://" in word]:
            name = PurePosixPath(urllib.parse.urlsplit(url).path).name
            target = options.get("-o") or options.get("--output") or name
            if target:
                self.bring(self._data.fetched(url, os.path.basename(target)), target)

    def _gdown(self, words):
        options, rest = _options(words, "-O", "--output", "--id")
        target = options.get("-O") or options.get("--output")
        asked = options.get("--id") or next(iter(rest), "")
        given = self._data.find(asked) or (target and self._data.find(target))
        if not given:
            self._note(f"!gdown {asked}: left out; say where the file is: --data {target or asked}=PATH")
            return
        self.bring(given.path, target or os.path.basename(given.path))

    def _git(self, words):
        if words[:1] != ["clone"]:
            self._note(f"!git {_short(' '.join(words))}: left out")
            return
        rest = _options(words[1:], "-b", "--branch", "--depth")[1]
        url = rest[0] if rest else ""
        folder = rest[1] if len(rest) > 1 else PurePosixPath(url).name.removesuffix(".git")
        given = self._data.find(url.removesuffix(".git")) or self._data.find(folder)
        if given:
            self.bring(given.path, folder)
        elif not os.path.exists(folder):
            self._note(f"!git clone {url}: left out; say where the folder is: --data {folder}=PATH")

    def _kaggle(self, words):
        options, rest = _options(words, "-d", "--dataset", "-c", "--competition", "-p", "--path", "-f", "--file")
        if "download" not in rest:
            self._note(f"!kaggle {_short(' '.join(words))}: left out")
            return
        asked = next((options[name] for name in ("-d", "--dataset", "-c", "--competition") if name in options), None)
        asked = asked or rest[-1]
        name = PurePosixPath(asked).name
        given = self._data.find(asked) or self._data.find(name)
        if not given:
            if not os.path.exists(f"{name}.zip"):
                self._note(f"!kaggle {asked}: left out; say where the data are: --data {asked}=PATH")
            return
        folder = options.get("-p") or options.get("--path") or ""
        if "--unzip" in words:
            self._spread(self._data.unpacked(given.path), folder or ".")
        else:
            self.bring(given.path, os.path.join(folder, f"{name}.zip"))
        self._note(f"!kaggle {asked} is {given.path}")

    # What unpacks --------------------------------------------------------------------------------------------------

    def _unzip(self, words):
        options, rest = _options(words, "-d")
        for archive in rest[:1]:
            self._spread(self._holding(archive), options.get("-d", "."), only=rest[1:])

    def _untar(self, words):
        options, rest = _options(words, "-C", "--directory", "-f")
        archives = [word for word in [options.get("-f", ""), *rest] if found_data.is_archive(word)]
        for archive in archives:
            self._spread(self._holding(archive), options.get("-C") or options.get("--directory") or ".")

    def _holding(self, archive):
        if not os.path.exists(archive) and not archive.endswith(".zip") and os.path.exists(f"{archive}.zip"):
            archive += ".zip"
        with contextlib.suppress(OSError):
            return self._data.unpacked(os.path.realpath(self._layer.led(archive, self._layer.found)))
        given = self._data.find(archive)
        if given:
            return self._data.unpacked(given.path)
        raise AnmokError(f"there is no {archive}. Say where it is: --data {archive}=PATH")

    def _spread(self, holds, target, only=()):
        """Let what a folder holds be in the program's folder `target`."""
        place = os.path.abspath(self._layer.led(target, self._layer.made))
        with self._layer.aside():
            os.makedirs(place, exist_ok=True)
            for name in sorted(os.listdir(holds)):
                if name != "__MACOSX" and (not only or any(PurePosixPath(name).match(each) for each in only)):
                    self._data.put(found_data.Given(name, os.path.join(holds, name)), os.path.join(place, name))


class Shell:
    """What `get_ipython()` gives in a script that was a notebook."""

    def __init__(self, commands):
        self._commands = commands
        self.user_ns = {}

    def system(self, line):
        """`!line`"""
        self._commands.system(line)

    def getoutput(self, line, split=True):
        """`x = !line`"""
        text = self._commands.getoutput(line)
        return text.splitlines() if split else text

    def run_line_magic(self, name, line, _stack_depth=1):
        """`%name line`"""
        if name == "cd":
            os.chdir(os.path.expanduser(line.strip().strip("'\"")))
        elif name in ("mkdir", "ls", "rm", "cp", "mv", "cat"):
            self.system(f"{name} {line}")
        else:
            self._commands.magic(name, line)

    def run_cell_magic(self, name, line, cell):
        """`%%name line`"""
        if name in ("bash", "sh", "shell", "script"):
            for each in cell.splitlines():
                self.system(each)
        elif name in ("time", "timeit", "capture"):
            exec(compile(cell, "<cell>", "exec"), self.user_ns)

    magic = run_line_magic


def _words(command):
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()


def _short(text, length=70):
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _options(words, *with_value):
    """({option: value}, what is no option) of a command's words."""
    options, rest, words = {}, [], list(words)
    while words:
        word = words.pop(0)
        name, sign, value = word.partition("=")
        if word in with_value and words:
            options[word] = words.pop(0)
        elif sign and name in with_value:
            options[name] = value
        elif not word.startswith("-"):
            rest.append(word)
    return options, rest
