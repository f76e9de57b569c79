"""What several rooms of the tests need: a web server on this machine, draws that repeat in CI, a measure of cost."""

import contextlib
import http.server
import os
import pathlib
import signal
import threading
import time

import pytest
from hypothesis import settings

# A run of CI judges the change, not the luck of the draw; at a desk the draws are new each time.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")

# A shell ignores Ctrl-C on behalf of what it starts in the background, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        body = self.server.contents.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        cut = self.path in self.server.cut_short
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def _serving(contents, cut_short=()):
    """Serve a dict of path to bytes; yields (base URL without a slash, list of the paths asked for)."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.contents, server.cut_short, server.asked = contents, cut_short, []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", server.asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def serving():
    """`with serving({"/path": bytes}, cut_short=[...]) as (url, asked):` a web server on this machine."""
    return _serving


def _peak():
    """The most memory the process has held since `_forget_peak`, in MB; 0 where the system does not tell."""
    try:
        status = pathlib.Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _forget_peak():
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/clear_refs").write_text("5")


@contextlib.contextmanager
def _soon_and_small(seconds=1, megabytes=100):
    _forget_peak()
    before, begun = _peak(), time.process_time()
    yield
    assert time.process_time() - begun < seconds
    assert _peak() - before < megabytes


@pytest.fixture
def soon_and_small():
    """`with soon_and_small():` what is done within takes less than a second of computing and 100 MB of memory."""
    return _soon_and_small
