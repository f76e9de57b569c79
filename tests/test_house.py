"""The import rule: data flows down the list of rooms, imports go up it only."""

import ast
import pathlib

import pytest

HOUSE = pathlib.Path(__file__).parent.parent / "anmok"

# A room imports from rooms above it, or its own folder. Rooms of one line may not import one another, unless a later
# one imports an earlier one.
FLOORS = [
    ["errors", "files"],
    ["notices", "outside"],
    ["registry", "random", "mixed_precision", "defaults"],
    ["activations", "initializers", "regularizers", "constraints"],
    ["schedules"],
    ["losses"],
    ["metrics", "optimizers"],
    ["images"],
    ["augment"],
    ["layers"],
    ["training"],
    ["callbacks"],
    ["saving"],
    ["models"],
    ["hub"],
    ["data", "datasets"],
    ["preprocessing", "utils"],
    ["zoo", "applications"],
    ["explain", "evaluate"],
    ["runs"],
    ["report", "export", "serve", "studio"],
    ["compat"],
    ["cli"],
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
FORBIDDEN = {
    "images": {"torch"},
    "augment": {"torch"},
    "layers": {"anmok.data", "anmok.runs"},
    "models": {"anmok.data", "anmok.runs"},
    "zoo": {"anmok.data", "anmok.runs"},
    "training": {"anmok.models", "anmok.data"},
    "report": {"anmok.training"},
    "export": {"anmok.training"},
    "serve": {"anmok.training"},
    "studio": {"anmok.training"},
}
# The public window loads rooms by name, on first use.
FILES = sorted(path for path in HOUSE.rglob("*.py") if path != HOUSE / "__init__.py")


def room_of(path):
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def imported(path):
    """The dotted names that a file imports, wherever in it the import stands."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_imports_go_up_the_list_only(path):
    room = room_of(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "anmok" or len(parts) < 2 or parts[1] not in FLOOR or parts[1] == room:
            continue
        assert FLOOR[parts[1]] <= FLOOR[room], f"{path.relative_to(HOUSE)} imports {name}, which lies below it"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_what_must_never_be_imported_is_not(path):
    banned = FORBIDDEN.get(room_of(path), set())
    for name in imported(path):
        assert not any(name == ban or name.startswith(ban + ".") for ban in banned), f"{path}: {name}"
        assert name.split(".")[:2] not in (["anmok", "cli"], ["anmok", "compat"]) or room_of(path) in ("cli", "compat")
        assert "torchvision" not in name.split("."), "torchvision does not import beside every PyTorch build"


def test_every_room_has_a_floor():
    rooms = {room_of(path) for path in FILES if path.name != "__init__.py"}
    assert rooms <= set(FLOOR), f"put {rooms - set(FLOOR)} on a floor"


def test_no_file_has_a_name_that_says_nothing():
    empty = {"common", "helpers", "helper", "base", "manager", "misc", "utils"}
    named = {path.stem for path in FILES} | {path.parent.name for path in FILES if path.parent.parent != HOUSE}
    assert not named & empty


def test_the_rooms_import_one_another_in_no_circle():
    edges = {}
    for path in FILES:
        room = room_of(path)
        targets = {name.split(".")[1] for name in imported(path) if name.startswith("anmok.")}
        edges.setdefault(room, set()).update((targets & set(FLOOR)) - {room})
    finished, path = set(), []

    def visit(room):
        assert room not in path, f"circle: {' -> '.join([*path[path.index(room) :], room])}"
        if room not in finished:
            path.append(room)
            for other in edges.get(room, ()):
                visit(other)
            path.pop()
            finished.add(room)

    for room in edges:
        visit(room)
