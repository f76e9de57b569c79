"""How fast something was, by the clock on the wall and by the processor's time."""

import time


class Stopwatch:
    """Runs from its making on."""

    def __init__(self):
        self._wall, self._processor = time.perf_counter(), time.process_time()

    @property
    def seconds(self):
        """On the wall."""
        return time.perf_counter() - self._wall

    def rates(self, count):
        """{"rate": per second, "processor_rate": per second of the processor, all threads together} of `count`."""
        return {"rate": count / self.seconds, "processor_rate": count / (time.process_time() - self._processor)}
