"""report.html: one file that says how good a run's classifier is, and why. Made from the run folder alone."""

import base64
import math
from html import escape
from importlib import resources

from anmok.evaluate.calibration import reliability
from anmok.evaluate.classes import worst_mistakes
from anmok.report import charts

MISTAKES = 20
LEFT_OUT = 50  # files that the page lists
UPRIGHT = 12  # classes whose names fit side by side


def write(run):
    """Write a RunFolder's report.html, whatever the folder holds so far; returns its path."""
    run.write_report(render(run))
    return run.report_path


def render(run):
    """The HTML text of a run's report, without references to anything outside it."""
    config, history, metrics = run.config, run.history, run.metrics
    sections = [
        _notice(config, history, metrics),
        _headline(run, config, history, metrics),
        _curves(config, history),
        *([_confusion(metrics), _scores(metrics), _trust(run, metrics), _mistakes(run, metrics)] if metrics else []),
        _left_out(run),
        _details(config, run.environment),
    ]
    style = (resources.files("anmok.report") / "page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(run.name)} · anmok</title>\n<style>\n{style}</style></head>\n<body><main>\n"
        f'<div class="brand">anmok · {escape(run.name)}</div>\n'
        + "\n".join(filter(None, sections))
        + "\n</main></body></html>\n"
    )


def turning_epoch(history):
    """The epoch (from 1) with the lowest validation loss, the later one of equals; None without one."""
    rows = [row for row in history if math.isfinite(row.get("val_loss", math.nan))]
    return min(rows, key=lambda row: (row["val_loss"], -row["epoch"]))["epoch"] if rows else None


def percent(share, digits=1):
    return f"{100 * share:.{digits}f} %"


def duration(seconds):
    """Seconds as people say them: 58 s, 3 min 20 s, 2 h 05 min."""
    seconds = round(seconds)
    if seconds < 100:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"


def _notice(config, history, metrics):
    if len(history) >= config.all_epochs and metrics:
        return ""
    if not history:
        text = "This run was stopped before its first epoch ended, or is still in it: there is nothing to judge yet."
    elif len(history) < config.all_epochs:
        text = f"This run was stopped, or is still running, after epoch {len(history)} of {config.all_epochs}."
    else:
        text = "This run trained to its end."
    if history and not metrics:
        text += " Its best model so far is kept but was not tested; <code>anmok evaluate</code> does that."
    return f'<p class="notice">{text}</p>'


def _headline(run, config, history, metrics):
    if metrics:
        low, high = metrics["accuracy_95"]
        head = (
            f'<div class="big">{100 * metrics["accuracy"]:.1f}<small> %</small></div><div>'
            f"<h1>of {metrics['images']:,} test images classified rightly</h1>"
            '<p class="soft">With 95 % confidence the true accuracy lies between '
            f"{percent(low)} and {percent(high)}.</p></div>"
        )
    elif history:
        best = history[turning_epoch(history) - 1] if turning_epoch(history) else history[-1]
        head = (
            f'<div class="big">{100 * best.get("val_accuracy", math.nan):.1f}<small> %</small></div><div>'
            f"<h1>of the validation images classified rightly after epoch {best['epoch']}</h1>"
            '<p class="soft">Not yet measured on the test images.</p></div>'
        )
    else:
        head = f"<h1>{escape(config.title)}</h1>"
    classes = run.classes
    facts = {
        "data": config.title,
        "classes": len(classes["names"]) if classes else None,
        "seen at": "{} x {} pixels".format(*classes["shape"]) if classes else None,
        "files left out": None if run.skipped is None else len(run.skipped),
        "network": config.model,
        "epochs": f"{len(history)} of {config.all_epochs}" if len(history) < config.all_epochs else config.all_epochs,
        "training time": duration(sum(row["seconds"] for row in history)) if history else None,
        "seed": config.seed,
        "calibration error": percent(metrics["calibration_error"]) if metrics else None,
    }
    items = "".join(f"<div><dt>{k}</dt><dd>{escape(str(v))}</dd></div>" for k, v in facts.items() if v is not None)
    return f'<header><div class="headline">{head}</div><dl class="facts">{items}</dl></header>'


def _curves(config, history):
    if not history:
        return ""
    turn = turning_epoch(history)
    mark = (turn, "validation turns" if turn and turn < len(history) else "lowest") if turn else None
    if turn is None:
        text = "No validation loss was measured."
    elif turn < len(history):
        text = f"Validation loss was lowest after epoch {turn}, and not again; the model of that epoch is the one kept."
    elif turn < config.all_epochs:
        text = f"Validation loss was still falling at epoch {turn}, the last one; its model is the one kept."
    else:
        text = f"Validation loss was lowest at the end, after epoch {turn}; that model is the one kept."
    pictures = []
    for title, key, is_share in (("Loss", "loss", False), ("Accuracy", "accuracy", True)):
        series = {
            name: [row.get(column, math.nan) for row in history]
            for name, column in (("training", key), ("validation", f"val_{key}"))
        }
        chart = charts.line_chart(series, title=f"{title} by epoch", mark=mark, percent=is_share)
        pictures.append(f'<div class="card"><h3>{title}</h3>{chart}</div>')
    return (
        f"<section><h2>How it learned</h2><p>{text} "
        '<span class="soft">Training figures are averages over an epoch, on varied images and with dropout at work, '
        "so validation may well look better.</span></p>"
        f'<div class="pair">{"".join(pictures)}</div></section>'
    )


def _confusion(metrics):
    names = [row["name"] for row in metrics["classes"]]
    confusion = metrics["confusion"]
    wrong = [
        (confusion[i][j], i, j) for i in range(len(names)) for j in range(len(names)) if i != j and confusion[i][j]
    ]
    text = "Not one image was taken for another class."
    if wrong:
        count, i, j = max(wrong)
        text = (
            f"Most often, {escape(names[i])} was taken for {escape(names[j])}: "
            f"{count:,} of {sum(confusion[i]):,} images."
        )
    head = "".join(f'<th scope="col"><span>{_breakable(name)}</span></th>' for name in names)
    rows = "".join(
        f'<tr><th scope="row">{escape(names[i])}</th>'
        + "".join(_cell(names, i, j, count, sum(row)) for j, count in enumerate(row))
        + "</tr>"
        for i, row in enumerate(confusion)
    )
    crowd = " crowd" if len(names) > UPRIGHT else ""
    return (
        f"<section><h2>What it takes for what</h2><p>{text} "
        '<span class="soft">A row holds the images of one class; a column, what they were taken for.</span></p>'
        f'<div class="card scroll"><table class="confusion{crowd}"><thead><tr>'
        f'<td class="corner">is ↓ &nbsp; taken for →</td>{head}</tr></thead><tbody>{rows}</tbody></table>'
        "</div></section>"
    )


def _breakable(name):
    """The name with places where a narrow column may break it."""
    return escape(name).replace("/", "/<wbr>")


def _cell(names, i, j, count, total):
    hint = f"{escape(names[i])} taken for {escape(names[j])}: {count:,} of {total:,}"
    if not count:
        return f'<td class="none" title="{hint}">·</td>'
    # The root lets a mistake in a hundred show beside one in three.
    share = count / total
    strength = 0.15 + 0.45 * share if i == j else min(0.85, 0.06 + 0.95 * math.sqrt(share))
    colour = "right" if i == j else "wrong"
    return f'<td style="background: rgba(var(--{colour}), {strength:.2f})" title="{hint}">{count:,}</td>'


def _scores(metrics):
    keys = ("precision", "recall", "f1")

    def row(name, values, support, kind=""):
        cells = "".join(f'<td class="barred" style="--share: {v:.4f}">{percent(v)}</td>' for v in values)
        return f'<tr{kind}><th scope="row">{escape(name)}</th>{cells}<td>{support:,}</td></tr>'

    classes = metrics["classes"]
    body = "".join(row(c["name"], [c[key] for key in keys], c["support"]) for c in classes)
    means = [sum(c[key] for c in classes) / len(classes) for key in keys]
    body += row("mean of the classes", means, metrics["images"], ' class="mean"')
    return (
        '<section><h2>Class by class</h2><p class="soft">Precision: of the images called so, how many are. '
        "Recall: of the images that are, how many were called so. F1: their harmonic mean. "
        "Support: test images of the class.</p>"
        '<div class="card scroll"><table class="scores"><thead><tr><th>class</th><th>precision</th><th>recall</th>'
        f"<th>F1</th><th>support</th></tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def _trust(run, metrics):
    if run.predictions is None:
        return ""
    labels, probabilities = run.predictions
    sure, right = float(probabilities.max(axis=1).mean()), metrics["accuracy"]
    gap = f"{100 * abs(sure - right):.1f} points"
    words = "surer of itself than it should be" if sure > right else "less sure of itself than it could be"
    chart = charts.reliability_chart(reliability(labels, probabilities), title="Accuracy by confidence")
    return (
        f"<section><h2>How far its confidence can be believed</h2><p>On average it is {percent(sure)} sure and "
        f"{percent(right)} right: {gap} {words}. "
        '<span class="soft">A bar shows how often it was right when it was that sure; at the dashed line, as often as '
        f'it said.</span></p><div class="pair"><div class="card">{chart}</div></div></section>'
    )


def _mistakes(run, metrics):
    found = run.predictions
    if found is None:
        return ""
    labels, probabilities = found
    names = [row["name"] for row in metrics["classes"]]
    worst = worst_mistakes(labels, probabilities, count=MISTAKES)
    if len(worst) == 0:
        return "<section><h2>Its worst mistakes</h2><p>It made none.</p></section>"
    files, items = run.tested_files, []
    for index in worst:
        picture, guess = run.picture(int(index)), int(probabilities[index].argmax())
        caption = escape(files[index]) if files else f"test image {index}"
        image = ""
        if picture:
            data = base64.b64encode(picture).decode()
            kind = ' class="photo"' if files else ""
            image = f'<img{kind} alt="{caption}" title="{caption}" src="data:image/png;base64,{data}">'
        items.append(
            f'<li>{image}<div>is <b class="is">{escape(names[labels[index]])}</b><br>'
            f'taken for <b class="taken">{escape(names[guess])}</b><br>'
            f"{percent(probabilities[index, guess])} sure"
            + (f'<span class="file">{_breakable(files[index])}</span>' if files else "")
            + "</div></li>"
        )
    return (
        f"<section><h2>Its worst mistakes</h2><p>The {len(worst)} wrong answers it was surest of. "
        '<span class="soft">Look whether the label or the model is wrong.</span></p>'
        f'<ul class="mistakes">{"".join(items)}</ul></section>'
    )


def _left_out(run):
    rows = run.skipped
    if not rows:
        return ""
    files = "One file was" if len(rows) == 1 else f"{len(rows):,} files were"
    more = ""
    if len(rows) > LEFT_OUT:
        more = (
            f'<p class="soft">And {len(rows) - LEFT_OUT:,} more: {run.skipped_path.name} beside this page has all.</p>'
        )
    body = "".join(
        f'<tr><th scope="row">{_breakable(row["name"])}</th><td>{escape(row["reason"])}</td></tr>'
        for row in rows[:LEFT_OUT]
    )
    return (
        f"<section><h2>Left out</h2><p>{files} left out of this run, neither trained on nor tested. "
        '<span class="soft">No figure on this page counts them.</span></p>'
        f'<div class="card scroll"><table class="leftout"><thead><tr><th>file</th><th>why</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div>{more}</section>"
    )


def _details(config, environment):
    environment = dict(environment or {})
    packages = environment.pop("packages", None) or {}
    told = {key: value for key, value in config.to_dict().items() if key not in _idle(config)}
    blocks = [told, environment | packages]
    tables = "".join(
        "<table>"
        + "".join(
            f'<tr><th scope="row">{escape(str(k)).replace("_", " ")}</th><td>{escape(str(v))}</td></tr>'
            for k, v in block.items()
        )
        + "</table>"
        for block in blocks
    )
    return f'<section><h2>How it was made</h2><div class="details">{tables}</div></section>'


def _idle(config):
    """Fields of a config that say nothing of runs of its kind."""
    if not config.is_of_pictures:
        return {"image_size", "test_fraction", "strict"}
    return {"shift", "flip"} | {key for key in ("test_fraction", "validation_fraction") if not getattr(config, key)}
