"""Callbacks that watch one number of the logs: which it is, and whether it became better."""

from anmok import notices
from anmok.callbacks.callback import Callback
from anmok.errors import ArgumentError
from anmok.training.logs import other_spelling

# Parts of a metric's name that tell which way is better, where the metric itself does not.
_UP = {
    "acc", "accuracy", "auc", "precision", "recall", "f1", "score", "r2", "iou", "dice", "specificity", "sensitivity",
    "similarity", "correlation", "concordance",
}  # fmt: skip
_DOWN = {
    "loss", "error", "mae", "mse", "rmse", "mape", "msle", "kld", "divergence", "hinge", "logcosh", "poisson",
    "crossentropy", "false",
}  # fmt: skip


class MonitorCallback(Callback):
    """Watches `monitor`. mode: 'min', 'max' or 'auto', which asks the metric, then its name (loss down, acc up)."""

    def __init__(self, monitor="val_loss", mode="auto", baseline=None, min_delta=0):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ArgumentError(f"{type(self).__name__}: expected mode 'auto', 'min' or 'max', got {mode!r}.")
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self._better_is_up = None if mode == "auto" else mode == "max"

    def read_monitor(self, logs):
        """The watched value, or None with a warning (once) that names what there is."""
        logs = logs or {}
        if self.monitor in logs:
            return logs[self.monitor]
        other = other_spelling(self.monitor)
        if other in logs:
            notices.once(
                ("monitor spelling", self.monitor),
                f"{type(self).__name__}: there is no {self.monitor!r}; {other!r}, the same metric, is watched.",
            )
            return logs[other]
        notices.once(
            ("monitor", type(self).__name__, self.monitor),
            f"{type(self).__name__} watches {self.monitor!r}, which is not measured"
            f"{' without validation data' if self.monitor.startswith('val_') else ''}. "
            f"Available: {', '.join(logs) or 'nothing'}.",
        )
        return None

    def is_improvement(self, value, reference):
        """Whether `value` is better than `reference` by more than min_delta; anything is better than None."""
        if reference is None:
            return True
        if self._better_is_up is None:
            self._better_is_up = self._direction() == "up"
        return value - self.min_delta > reference if self._better_is_up else value + self.min_delta < reference

    def _direction(self):
        name = self.monitor.removeprefix("val_")
        if name == "loss":
            return "down"
        for metric in getattr(self.model, "metrics", None) or ():
            if getattr(metric, "name", None) in (name, other_spelling(name)) and getattr(metric, "_direction", None):
                return metric._direction
        parts = set(name.lower().split("_"))
        if bool(parts & _UP) != bool(parts & _DOWN):
            return "up" if parts & _UP else "down"
        raise ArgumentError(
            f"{type(self).__name__}: whether {self.monitor!r} is better high or low cannot be told from its name; "
            "pass mode='max' or mode='min'."
        )
