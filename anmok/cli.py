"""The command line: parse, call, print. What a command needs is imported when it runs, so that --help is quick."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
import typer.core
from rich.console import Console

from anmok import __version__
from anmok.compat.running import command
from anmok.errors import AnmokError

_BEGAN = time.perf_counter()
_INTERRUPTED = 130  # as shells report a program that Ctrl-C ended
_TUNING_EPOCHS = 5


class _Lessons(typer.core.TyperGroup):
    """`anmok lessons NAME` is `anmok lessons run NAME`."""

    def resolve_command(self, ctx, args):
        return super().resolve_command(ctx, args if args[0] in self.commands else ["run", *args])


_lessons = typer.Typer(help="List the lessons, or run one.", rich_markup_mode=None, cls=_Lessons)
app = typer.Typer(
    help="Turn pictures into a classifier that you can trust, on the computer that you have.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
console = Console(soft_wrap=True)
# A terminal gets its lines broken between words, a file gets each message on one line.
errors = Console(stderr=True, soft_wrap=not sys.stderr.isatty())

RunsDir = Annotated[Path, typer.Option("--runs-dir", help="The folder that holds the run folders.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's name, its path, or 'last'.")]


def main():
    """Run the command line; an anmok error becomes one paragraph and exit code 2."""
    # PyTorch's threads wait for each other in a busy loop. Where another program wants the core of one of them, that
    # made epochs six to ten times longer (25 s for 3.8 s, two cores); a loop a hundredth as long does not.
    # GNU OpenMP reads it when PyTorch is loaded; others take no notice.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        app()
    except AnmokError as error:
        errors.print(f"[bold red]anmok:[/] {_plain(error)}", highlight=False)
        sys.exit(2)


def _plain(text):
    from rich.markup import escape

    # Names of files need not be UTF-8.
    return escape(str(text).encode("utf-8", "replace").decode())


def _show_version(wanted: bool):
    if wanted:
        print(f"anmok {__version__}")
        raise typer.Exit


@app.callback()
def anmok(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say it.")] = False,
):
    pass


@app.command()
def train(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder or zip of pictures, with a folder per class or with train, validation and test; "
            "or fashion-mini (comes with anmok), mnist, fashion-mnist, cifar10."
        ),
    ],
    epochs: Annotated[int | None, typer.Option(help="Times to go through the images.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The highest of the one-cycle schedule.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Any of `anmok zoo` or Keras' applications. [default: small]")
    ] = None,
    transfer: Annotated[
        bool, typer.Option("--transfer", help="Begin with ImageNet's weights; the model is MobileNet if not said.")
    ] = False,
    fine_tune: Annotated[
        bool, typer.Option("--fine-tune", help="After --transfer, train the last blocks too, at a low rate.")
    ] = False,
    image_size: Annotated[int | None, typer.Option(help="Pixels that pictures are brought to, each way.")] = None,
    augment: Annotated[str | None, typer.Option(help="A preset of `anmok augment`: photos, digits, none ...")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at a file that cannot be read.")] = False,
    seed: Annotated[int | None, typer.Option(help="Same seed, same result. [default: 0]")] = None,
    name: Annotated[str | None, typer.Option(help="The run's name. [default: source, date and time]")] = None,
    runs_dir: RunsDir = Path("runs"),
):
    """Train a classifier, test it once, and write a report. What is not said comes from the source's recipe."""
    with console.status("waking PyTorch"):
        from anmok.report import page
        from anmok.runs import pictures, recipes, sources, workflow
        from anmok.runs.display import Display
        from anmok.runs.folder import RunFolder
        from anmok.runs.introduction import Introduction
    source, found = sources.resolve(source), None
    if os.path.isabs(source):
        with console.status(f"looking through {_plain(source)}"):
            found = pictures.find(source, strict=strict)
    config = recipes.configure(
        source,
        found=found,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        model=model,
        transfer=transfer,
        fine_tune=_TUNING_EPOCHS if fine_tune else None,
        image_size=image_size,
        augment=augment,
        strict=strict,
        seed=seed,
    )
    run = RunFolder.create(runs_dir, config, name=name)
    console.print(f"[bold]{_plain(config.title)}[/]  {config.model}, seed {config.seed}, in {_plain(run.path)}")
    display, introduction = Display(console), Introduction(console)
    try:
        metrics = workflow.train(run, found=found, callbacks=[display], tell=introduction)
    except KeyboardInterrupt:
        introduction.close()
        display.close()
        _say_interrupted(run, page.write(run), config.all_epochs)
        raise typer.Exit(_INTERRUPTED) from None
    finally:
        introduction.close()
        display.close()
    report = page.write(run)
    _say_metrics(metrics)
    console.print(f"{time.perf_counter() - _BEGAN:.0f} s in all. The report: [bold]{_plain(report.resolve())}[/]")


@app.command()
def evaluate(run: RunName, runs_dir: RunsDir = Path("runs")):
    """Test a run's model again, compare with what it said."""
    with console.status("waking PyTorch"):
        from anmok.report import page
        from anmok.runs import workflow
        from anmok.runs.folder import RunFolder
    folder = RunFolder.open(run, runs_dir)
    before = folder.metrics
    metrics = workflow.evaluate(folder)
    page.write(folder)
    _say_metrics(metrics)
    if before is None:
        console.print("The run had no metrics.json yet; it has now.")
    elif before["confusion"] == metrics["confusion"]:
        console.print("metrics.json agrees.")
    else:
        console.print(f"metrics.json said {100 * before['accuracy']:.2f} %; it now holds the new figures.")


@app.command()
def predict(
    run: RunName,
    images: Annotated[list[Path], typer.Argument(help="Image files.")],
    invert: Annotated[bool, typer.Option("--invert", help="Turn light into dark first.")] = False,
    runs_dir: RunsDir = Path("runs"),
):
    """Say what is on images: the three likeliest classes of each."""
    with console.status("waking PyTorch"):
        from anmok.runs import inputs, workflow
        from anmok.runs.folder import RunFolder
    folder = RunFolder.open(run, runs_dir)
    folder.trained_model()
    ready, refused = inputs.read(images, classes=folder.classes, invert=invert)
    if ready:
        names = folder.classes["names"]
        answers = workflow.predict(folder, inputs.stack(ready))
        for picture, answer in zip(ready, answers, strict=True):
            best = [f"{_plain(names[k])} {100 * answer[k]:.1f} %" for k in answer.argsort()[::-1][:3]]
            console.print(f"{_plain(picture.path)}  [bold]{best[0]}[/]  [dim]{'  '.join(best[1:])}[/]", highlight=False)
        if hint := inputs.hint(ready, classes=folder.classes):
            errors.print(hint, style="yellow")
    for error in refused:
        errors.print(f"[bold red]anmok:[/] {_plain(error)}", highlight=False)
    if refused:
        raise typer.Exit(2)


@app.command()
def augment(
    image: Annotated[Path, typer.Argument(help="An image file.")],
    preset: Annotated[str, typer.Option(help="What to do with it; a wrong name lists all.")] = "photos",
    out: Annotated[Path | None, typer.Option(help="Where to write. [default: IMAGE-PRESET.png, here]")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same draws.")] = 0,
    size: Annotated[int, typer.Option(min=16, max=1024, help="How many pixels high each draw is shown.")] = 160,
):
    """Show an image and 16 draws of an augmentation preset on one sheet."""
    from anmok.augment import presets, sheet
    from anmok.images import decode

    transform = presets.preset(preset)
    target = sheet.target(out if out is not None else Path(f"{image.stem}-{preset}.png"))
    original = decode.decode(image)
    changed = sheet.draws(sheet.shrunk(original, size=size), transform, seed=seed)
    target.write_bytes(sheet.png(sheet.contact_sheet(original, changed, size=size)))
    console.print(f"16 draws of {preset!r} beside the original: [bold]{_plain(target.resolve())}[/]", highlight=False)


@app.command()
def runs(runs_dir: RunsDir = Path("runs")):
    """List the runs, the latest last."""
    from rich.table import Table

    from anmok.runs.folder import list_runs

    found = list_runs(runs_dir)
    if not found:
        console.print(f"There is no run in {_plain(runs_dir.resolve())} yet; `anmok train fashion-mini` makes one.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("run", "model", "epochs", "test accuracy", "time", ""):
        table.add_column(column, justify="right" if column in ("epochs", "test accuracy", "time") else "left")
    for run in found:
        table.add_row(*_row(run))
    console.print(table)


app.add_typer(_lessons, name="lessons")


@_lessons.callback(invoke_without_command=True)
def lessons(context: typer.Context):
    """List the lessons: every exercise of a course, with the figure it reaches; `lessons run NAME` runs one."""
    if context.invoked_subcommand is not None:
        return
    from anmok.runs import lessons

    for name in lessons.names():
        lesson = lessons.find(name)
        console.print(f"[bold]{name:26}[/]{_plain(lesson.title)}", highlight=False)
        console.print(f"[dim]{'':26}{_plain(lesson.figure)}; {_plain(lesson.time)}[/]", highlight=False)


@_lessons.command("run")
def run_lesson(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A lesson's name.")],
    quick: Annotated[bool, typer.Option("--quick", help="Seconds only: fewer images and epochs.")] = False,
    seeds: Annotated[int | None, typer.Option(help="How many seeds. [default: as the lesson says]")] = None,
    out: Annotated[Path | None, typer.Option(help="For pictures. [default: lesson-figures/NAME]")] = None,
    record: Annotated[bool, typer.Option("--record", help="Write results.json and the table.")] = False,
):
    """Run a lesson over its seeds and hold its figures against the course's."""
    from anmok.runs import lesson_table, lessons

    def say(line):
        console.print(_plain(line), highlight=False)

    lessons.teach(lessons.find(name), seeds=seeds, quick=quick, out=out, recorded=record, say=say)
    if record:
        lesson_table.write()


app.command()(command.run)


@app.command()
def zoo(name: Annotated[str | None, typer.Argument(metavar="NAME", help="One network, for its modules.")] = None):
    """List the classic networks, or show one module by module beside its paper's numbers."""
    if name is None:
        _list_networks()
        return
    from anmok.zoo import finding

    name = finding.canonical(name)
    with console.status("waking PyTorch"):
        from anmok.zoo import modules
    rows = modules.module_table(name)
    _show_modules(rows)
    _say_facts(name, finding.find(name))


def _list_networks():
    from anmok.zoo.networks import NETWORKS

    table = _plain_table("network", "year", "parameters >", "MACs >", "input >", "least >", "error % >")
    for name, network in NETWORKS.items():
        size = f"{network.input_shape[0]} px"
        numbers = (f"{network.parameters:,}", f"{network.macs / 1e6:,.1f} M", size, f"{network.smallest} px")
        table.add_row(name, str(network.year), *numbers, network.error or "-")
    console.print(table)
    console.print(
        "\nMACs: multiply-accumulates for one image of the paper's input size. least: the smallest side that the "
        "network takes. error: as in the paper, top-1 / top-5 or one of them; `anmok zoo NAME` says on what.",
        soft_wrap=False,
    )


def _show_modules(rows):
    headings = ["module", "output >", "parameters >", "MACs >"]
    printed = [i for i in range(3) if any(row.paper[i] for row in rows)]
    headings += [("output >", "par. >", "ops >")[i] for i in printed]
    if printed:
        headings[4] = f"paper: {headings[4]}"
    table = _plain_table(*headings)
    for row in rows:
        size = "x".join(map(str, row.output))
        table.add_row(row.name, size, f"{row.parameters:,}", f"{row.macs:,}", *(row.paper[i] for i in printed))
    total = f"{sum(row.parameters for row in rows):,}", f"{sum(row.macs for row in rows):,}"
    table.add_row("[bold]total[/]", "", *total)
    console.print(table)


def _say_facts(name, network):
    size = " x ".join(map(str, network.input_shape))
    lines = [
        f"{name}: {network.paper}, {network.year}.",
        f"Input {size}, {network.classes} classes; it takes {network.smallest} pixels a side or more.",
    ]
    if printed := [text for text in (network.paper_parameters, network.paper_operations) if text]:
        lines.append(f"In the paper: {', '.join(printed)}.")
    if network.error:
        lines.append(f"Error {network.error} % ({network.source}).")
    if network.without_heads:
        lines.append("The auxiliary classifiers, which take part in training only, are not counted.")
    console.print()
    for line in lines:
        console.print(_plain(line), highlight=False, soft_wrap=False)


def _plain_table(*headings):
    """A table without lines; a heading that ends in '>' has its column to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        right = heading.endswith(" >")
        table.add_column(heading.removesuffix(" >"), justify="right" if right else "left", no_wrap=True)
    return table


def _row(run):
    try:
        config, history, metrics = run.config, run.history, run.metrics
    except AnmokError as error:
        return _plain(run.name), "", "", "", "", _plain(error)
    is_whole = len(history) == config.all_epochs and metrics
    return (
        _plain(run.name),
        config.model,
        str(len(history)) if len(history) == config.all_epochs else f"{len(history)} of {config.all_epochs}",
        f"{100 * metrics['accuracy']:.2f} %" if metrics else "",
        f"{sum(row['seconds'] for row in history):.0f} s",
        "" if is_whole else "unfinished",
    )


def _say_metrics(metrics):
    low, high = (100 * bound for bound in metrics["accuracy_95"])
    console.print(
        f"[bold green]{100 * metrics['accuracy']:.2f} %[/] of {metrics['images']:,} test images right "
        f"(95 % confidence: {low:.1f} to {high:.1f} %).",
        highlight=False,
    )
    if tuning := metrics.get("fine_tuning"):
        low, high = (100 * bound for bound in tuning["gain_95"])
        said = (
            f"{100 * tuning['gain']:+.2f} points to {100 * tuning['before']:.2f} % before (95 % confidence, paired: "
            f"{low:+.1f} to {high:+.1f})."
            if tuning["kept"]
            else "no epoch of it was better on the validation images, so the model from before is kept."
        )
        console.print(f"Fine-tuning: {said}", highlight=False)


def _say_interrupted(run, report, epochs):
    done = len(run.history)
    kept = (
        "the best model so far and the history are kept. `anmok evaluate last` tests that model."
        if run.model_path
        else "no epoch had ended, so there is no model."
    )
    console.print(f"Stopped after epoch {done} of {epochs}: {kept}")
    console.print(f"The report: [bold]{_plain(report.resolve())}[/]")
