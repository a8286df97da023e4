"""Imports go one way, and `import striate` brings nothing heavy along."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import striate

SOURCE = Path(striate.__file__).parent

# From the ground up: a room may import from lower ones and from itself, but not from others of its row.
ORDER = [
    ["errors", "version", "scalars"],
    ["volume", "files"],
    ["layers"],
    ["notation"],
    ["optimizers", "preprocessing", "intake", "masks"],
    ["plan"],
    ["emit"],
    ["native"],
    ["inside", "learning"],
    ["insight"],
    ["program"],
    ["gradcheck"],
    ["data"],
    ["train"],
    ["look"],
    ["estimator"],
    ["__init__"],
    ["web"],
    ["commands"],
    ["cli_options"],
    ["cli_study"],
    ["cli_learning"],
    ["cli"],
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}

# The data know nothing of networks and engines, although they stand above them.
ONLY = {"data": {"errors", "volume", "files"}}

# A notebook asks the value itself how to show it; only then does the value turn to the pictures above it.
ASKED_BY_NOTEBOOKS = {
    ("notation/network.py", "_repr_html_", "striate.look.html"),
    ("train/model.py", "_repr_png_", "striate.look.portrait"),
}

HEAVY = {
    "PIL", "llvmlite", "matplotlib", "onnx", "platformdirs", "rich", "safetensors", "scipy", "sklearn", "starlette",
    "torch", "typer", "uvicorn", "websockets",
}  # fmt: skip


def room(module: str) -> str:
    """The room of a module: "train" of "striate.train.loop"."""
    return module.split(".")[1] if "." in module else "__init__"


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every import of a module of Striate, wherever it stands in the file, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are written in full here"
            # `from striate import x` may name a room.
            within = [f"striate.{alias.name}" for alias in node.names if alias.name in RANK]
            names = within or [node.module or ""] if node.module == "striate" else [node.module or ""]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.split(".")[0] == "striate")


def files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def lines_of(path: Path, function: str) -> range:
    """The lines of the function of that name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return range(node.lineno, (node.end_lineno or node.lineno) + 1)
    raise AssertionError(f"{path} has no {function}")


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_down(path: Path) -> None:
    inside = path.relative_to(SOURCE)
    here = inside.parts[0].removesuffix(".py")
    assert here in RANK, f"{here} has no place in ORDER"
    asked = {(line, name) for place, method, name in ASKED_BY_NOTEBOOKS if place == str(inside)
             for line in lines_of(path, method)}  # fmt: skip
    for line, name in imports(path):
        there = room(name)
        allowed = (line, name) in asked or there == here or (RANK[there] < RANK[here] and there in ONLY.get(here, RANK))
        assert allowed, f"{inside}:{line}: {here} imports {name}"


def test_the_check_itself_sees_imports(tmp_path: Path) -> None:
    sample = tmp_path / "sample.py"
    sample.write_text(
        "def f():\n    from striate import train, parse\n    import striate.cli\nfrom numpy import array\n"
    )
    assert list(imports(sample)) == [(2, "striate.train"), (3, "striate.cli")]
    assert [room(name) for name in ("striate", "striate.errors", "striate.train.loop")] == [
        "__init__", "errors", "train",
    ]  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    """The top-level modules in memory after a statement in a fresh Python."""
    script = f"{statement}\nimport sys\nprint(' '.join(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_import_striate_is_light() -> None:
    found = loaded_by("import striate")
    assert "striate" in found
    assert not found & HEAVY


def test_plan_needs_no_engine_and_no_pictures() -> None:
    found = loaded_by("from striate.commands.plan import plan; plan('INPUT[8x8x1] - FC[10]', 'raise', 1, False)")
    assert "striate" in found
    assert not found & (HEAVY - {"rich", "typer"})
