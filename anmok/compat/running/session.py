"""One program running on anmok: where it works, what its imports, paths and figures mean, until it ends."""

import contextlib
import json
import os
import time
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path

from anmok import compat
from anmok.compat import colab
from anmok.compat.running import downloaders, figures, old_libraries, trial
from anmok.compat.running.commands import Commands
from anmok.compat.running.found_data import FoundData, Given
from anmok.compat.running.layer import Layer
from anmok.compat.running.spelling import Account
from anmok.compat.running.stage import Stage
from anmok.utils import fetch


@dataclass(frozen=True)
class Settings:
    """What is run and how; the program's file, the run's folder and where it was started are absolute paths."""

    program: str
    folder: str
    started_in: str
    data: tuple = ()
    trial: bool = False
    arguments: tuple = field(default=())

    def to_json(self):
        """Text that from_json understands."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text):
        """The Settings again."""
        plain = json.loads(text)
        data = tuple(Given(**each) for each in plain.pop("data"))
        return cls(**{**plain, "data": data, "arguments": tuple(plain["arguments"])})

    @property
    def homes(self):
        """The folders that a program's relative paths may mean: a notebook's own first, a script's start first."""
        own = os.path.dirname(self.program)
        return [own, self.started_in] if self.program.endswith(".ipynb") else [self.started_in, own]


class Session:
    """`with Session(settings) as session:` the program may run. session.account is what was met."""

    def __init__(self, settings, *, keeps_figures=True):
        self.settings = settings
        self.account = Account()
        self.figures = []
        self._keeps_figures = keeps_figures and not figures.has_screen()
        self._ends = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as ends:
            self._begin(ends)
            self._ends = ends.pop_all()
        return self

    def _begin(self, ends):
        settings, note = self.settings, self.account.note
        ends.callback(self.account.listen())
        ends.enter_context(compat.active())
        ends.enter_context(old_libraries.understood())
        self.stage = Stage(settings.folder, dict.fromkeys(map(os.path.realpath, settings.homes)))
        ends.callback(self.stage.clear)
        self.data = FoundData(self.stage, settings.data, told=note)
        self.layer = Layer(
            self.stage,
            named=self.data.named,
            loose=self.data.loose,
            within=self.data.within,
            homes={**self._homes_to_spare(), **self.data.homes},
            told=lambda text: note(f"data: {text}"),
        )
        self.data.layer = self.layer
        self.commands = Commands(data=self.data, layer=self.layer, note=note, trial=settings.trial)
        if self._keeps_figures:
            self.figures = ends.enter_context(figures.kept_in(self.stage.folder))
        fetch.finders.append(self.data.get_file)
        ends.callback(fetch.finders.remove, self.data.get_file)
        colab.uploads.append(self.data.uploaded)
        ends.callback(colab.uploads.remove, self.data.uploaded)
        if settings.trial:
            ends.enter_context(trial.tried_out(note))
        ends.callback(os.chdir, os.getcwd())
        os.chdir(self.stage.folder)
        self._lay_on_urls(ends)
        ends.enter_context(downloaders.answered(self.data, self.commands))
        self.layer.lay()
        ends.callback(self.layer.take_up)

    def _homes_to_spare(self):
        """Folders of the person's that absolute paths must not write to, and what stands for them."""
        import tempfile

        too_wide = {Path.home().as_posix(), os.path.realpath(tempfile.gettempdir()), os.path.sep}
        return {home: self.stage.folder for home in map(os.path.realpath, self.settings.homes) if home not in too_wide}

    def _lay_on_urls(self, ends):
        """urllib.request.urlretrieve and urlopen take what --data gives for a URL, and the cache's."""
        retrieve, urlopen = urllib.request.urlretrieve, urllib.request.urlopen

        def retrieving(url, filename=None, *given, **more):
            if not self._is_here(url):
                return retrieve(url, filename, *given, **more)
            path = self.data.fetched(url)
            if filename is None:
                return path, None
            place = os.path.abspath(self.layer.led(os.fspath(filename), self.layer.made))
            with self.layer.aside():
                self.data.put(Given(str(filename), path), place)
            return filename, None

        def opening(url, *given, **more):
            if isinstance(url, str) and self._is_here(url):
                return urlopen(Path(self.data.fetched(url)).as_uri(), *given, **more)
            return urlopen(url, *given, **more)

        urllib.request.urlretrieve, urllib.request.urlopen = retrieving, opening
        ends.callback(setattr, urllib.request, "urlretrieve", retrieve)
        ends.callback(setattr, urllib.request, "urlopen", urlopen)

    def _is_here(self, url):
        return isinstance(url, str) and "://" in url and not url.startswith("file:") and self.data.is_here(url)

    def __exit__(self, *error):
        return self._ends.__exit__(*error)


def made_by_run(folder):
    """Names of what a run left in its folder, folders with a slash, sorted; hidden ones are not the program's."""
    return sorted(
        entry.name + ("/" if entry.is_dir() else "") for entry in os.scandir(folder) if not entry.name.startswith(".")
    )


class Clock:
    """Seconds since it was made."""

    def __init__(self):
        self._began = time.perf_counter()

    def __str__(self):
        seconds = time.perf_counter() - self._began
        return f"{seconds:.1f} s" if seconds < 100 else f"{int(seconds // 60)} min {int(seconds % 60)} s"
