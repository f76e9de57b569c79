"""The results of input.py as Markdown: images per second, ratios, targets."""

from input_rows import MEMORY_LIMIT, MEMORY_TITLE, ROWS


def markdown(results):
    """Machine, versions, the rates, the targets, the memory."""
    parts = [f"`{results['command']}`", ""]
    parts += [f"* {name}: {value}" for name, value in {**results["machine"], **results["versions"]}.items()]
    rows = {name: results["rows"][name] for name in ROWS if name in results["rows"]}
    parts += [
        "",
        "| images per second | contender | way | rate | lowest to highest |",
        "| --- | --- | --- | ---: | ---: |",
    ]
    for name, row in rows.items():
        parts += [_line(ROWS[name].title, contender, found) for contender, found in row["contenders"].items()]
    parts += ["", "| target | wanted | reached |", "| --- | ---: | ---: |"]
    for name, row in rows.items():
        parts += _targets(ROWS[name], row["contenders"])
    if "memory" in results["rows"]:
        parts += ["", *_memory(results["rows"]["memory"]["contenders"])]
    return "\n".join(parts) + "\n"


def _line(title, contender, found):
    low, high = min(found["rates"]), max(found["rates"])
    return f"| {title} | {contender} | {found['way']} | {_rate(found['rate'])} | {_rate(low)} to {_rate(high)} |"


def _rate(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _targets(row, contenders):
    for target in row.targets:
        if target.ours not in contenders or target.theirs not in contenders:
            continue
        ratio = contenders[target.ours]["rate"] / contenders[target.theirs]["rate"]
        outcome = "" if ratio >= target.times else ", **missed**"
        yield f"| {row.title}: {target.ours} over {target.theirs} | {target.times:g}x | {ratio:.2f}x{outcome} |"


def _memory(contenders):
    yield f"| memory, MB: {MEMORY_TITLE} | after imports | highest | growth | images/s |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for peer, found in contenders.items():
        outcome = f" (limit {MEMORY_LIMIT}{'' if found['growth'] < MEMORY_LIMIT else ', **missed**'})"
        growth = f"{found['growth']:,.0f}" + (outcome if peer == "anmok" else "")
        yield f"| {peer} | {found['imported']:,.0f} | {found['peak']:,.0f} | {growth} | {_rate(found['rate'])} |"
