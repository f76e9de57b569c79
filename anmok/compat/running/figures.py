"""What a program shows, kept as figure-01.png, figure-02.png ... where there is no screen: Matplotlib's backend for it.

Matplotlib takes this module by its name (module://anmok.compat.running.figures).
"""

import contextlib
import os
import sys
from pathlib import Path

BACKEND = "module://anmok.compat.running.figures"

_kept = []
_folder = None


def has_screen():
    """Whether windows can be shown."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _next_path():
    path = _folder / f"figure-{len(_kept) + 1:02d}.png"
    _kept.append(path)
    print(f"[figure: {path.name}]", flush=True)
    return path


def keep_figure(figure):
    """Keep one of Matplotlib's figures."""
    figure.savefig(_next_path(), bbox_inches="tight")


def keep_pixels(image):
    """Keep an image as OpenCV has it (BGR)."""
    import cv2

    cv2.imwrite(os.fspath(_next_path()), image)


def __getattr__(name):
    if name not in ("FigureCanvas", "FigureManager"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from matplotlib._pylab_helpers import Gcf
    from matplotlib.backend_bases import FigureManagerBase
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    class FigureManager(FigureManagerBase):
        def show(self):
            keep_figure(self.canvas.figure)

        @classmethod
        def pyplot_show(cls, *, block=None):
            for manager in sorted(Gcf.get_all_fig_managers(), key=lambda manager: manager.num):
                if manager.canvas.figure.get_axes():
                    keep_figure(manager.canvas.figure)
            Gcf.destroy_all()

    class FigureCanvas(FigureCanvasAgg):
        manager_class = FigureManager

    globals().update(FigureCanvas=FigureCanvas, FigureManager=FigureManager)
    return globals()[name]


@contextlib.contextmanager
def kept_in(folder):
    """A with block within which what is shown is kept in the folder; gives the list of paths."""
    global _folder
    import cv2
    import matplotlib
    from PIL import Image

    _kept.clear()
    _folder = Path(folder)
    before = dict.__getitem__(matplotlib.rcParams, "backend")
    replaced = [
        # The backends that programs ask for show windows, or nothing.
        (matplotlib, "use", lambda *given, **more: None),
        (cv2, "imshow", lambda name, image: keep_pixels(image)),
        (cv2, "waitKey", lambda *given: -1),
        (cv2, "destroyAllWindows", lambda: None),
        (cv2, "destroyWindow", lambda name: None),
        (cv2, "namedWindow", lambda *given: None),
        (Image.Image, "show", lambda image, *given, **more: image.save(_next_path())),
    ]
    _set_backend(BACKEND)
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in replaced]
    for each in replaced:
        setattr(*each)
    try:
        yield _kept
    finally:
        for each in originals:
            setattr(*each)
        _set_backend(before)


def _set_backend(name):
    import matplotlib

    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and isinstance(name, str):
        pyplot.switch_backend(name)
    else:
        dict.__setitem__(matplotlib.rcParams, "backend", name)
