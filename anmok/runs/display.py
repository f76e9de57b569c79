"""How a training looks while it goes on: a bar in a terminal, one line an epoch everywhere."""

import time

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from anmok.callbacks import Callback

_REDRAW = 0.1  # seconds between two looks at the loss
_HEAD = "  epoch     loss  accuracy  val loss  val accuracy     time"


class Display(Callback):
    """Prints to a rich Console. In a file or a pipe there is no bar, only the lines."""

    def __init__(self, console):
        super().__init__()
        self.console = console
        self.best = float("inf")
        self.looked = 0.0
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[loss]}"),
            TextColumn("[dim]left"),
            TimeRemainingColumn(compact=True),
        )
        self.progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.task = None

    def on_train_begin(self, logs=None):
        self.console.print(_HEAD, style="dim")
        steps = self.params.get("steps")
        total = steps and steps * self.params["epochs"]
        self.task = self.progress.add_task("", total=total, loss="")
        self.progress.start()

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()
        self.progress.update(self.task, description=f"epoch {epoch + 1} of {self.params['epochs']}")

    def on_train_batch_end(self, batch, logs=None):
        self.progress.advance(self.task)
        now = time.perf_counter()
        # Reading the loss waits for the step to end; ten times a second is enough for eyes.
        if self.console.is_terminal and now - self.looked > _REDRAW and logs:
            self.looked = now
            self.progress.update(self.task, loss=f"loss {float(logs['loss']):.3f}")

    def on_epoch_end(self, epoch, logs=None):
        logs = {name: float(value) for name, value in (logs or {}).items()}
        is_best = logs["val_loss"] <= self.best
        self.best = min(self.best, logs["val_loss"])
        place = f"{epoch + 1}/{self.params['epochs']}"
        self.console.print(
            f"{place:>7}  {logs['loss']:7.4f}  {100 * logs['accuracy']:6.2f} %  {logs['val_loss']:8.4f}  "
            f"{100 * logs['val_accuracy']:10.2f} %  {time.perf_counter() - self.began:5.1f} s"
            + ("  [green]kept[/]" if is_best else ""),
            highlight=False,
        )

    def close(self):
        """Take the bar away; needed when the training did not end by itself."""
        self.progress.stop()

    def on_train_end(self, logs=None):
        self.close()
