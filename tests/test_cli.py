"""The command line as a user meets it: in a pipe, on a terminal, with mistakes, and with Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import striate
from striate.data.load import load
from striate.notation.table import summary
from striate.train.held_out import hold_out
from striate.train.model import Model

TINY = "INPUT[8x8x1] - CONV[4] - RELU - POOL - FC[10]"
VGG = "INPUT[32x32x3] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[10]"
COMMAND = [sys.executable, "-m", "striate.cli"]

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No data folder and a cache of our own: no test meets the user's files, and none of them downloads."""
    environment = {key: value for key, value in os.environ.items() if key not in ("STRIATE_DATA", "COLUMNS")}
    return {
        **environment,
        "STRIATE_CACHE": str(tmp_path_factory.mktemp("cache")),
        "PYTHONPATH": str(Path(striate.__file__).parents[1]),
        "PYTHONIOENCODING": "utf-8",
    }


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Run:
    """Run a command in an empty folder."""

    def run(*words: object, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMMAND, *map(str, words)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> tuple[Path, str]:
    """What `striate train` leaves when it is given nothing: its folder, and what it printed."""
    folder = tmp_path_factory.mktemp("trained")
    done = subprocess.run([*COMMAND, "train"], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder, done.stdout


# train


def test_train_without_arguments(trained: tuple[Path, str]) -> None:
    folder, said = trained
    assert sorted(each.name for each in folder.iterdir()) == ["digits.png", "digits.striate"]
    match = re.search(r"^test accuracy (\d+\.\d) % \((\d+) of (\d+) images\)$", said, re.M)
    assert match
    assert float(match[1]) > 97
    assert "(stratified, seed 0)" in said
    assert "saved digits.striate and digits.png" in said
    with Image.open(folder / "digits.png") as picture:
        assert picture.format == "PNG"
    # What the file says is what was printed, and what its parameters do.
    model = Model.load(folder / "digits.striate")
    held = hold_out(load("digits"), 0.1, seed=0).test
    right = int((model.compile(threads=1).scores(held.images).argmax(1) == held.labels).sum())
    assert (right, len(held)) == (int(match[2]), int(match[3]))
    assert model.notes["test_accuracy"] == pytest.approx(right / len(held))
    assert model.notes["epochs"] == 20
    assert model.notes["striate"] == striate.__version__


def test_a_pipe_gets_plain_lines(trained: tuple[Path, str]) -> None:
    said = trained[1]
    assert "\x1b" not in said
    assert "\r" not in said
    lines = said.splitlines()
    head = next(line for line in lines if "images/s" in line)
    rows = [line for line in lines if re.match(r" +\d+ +\d", line)]
    assert [int(row.split()[0]) for row in rows] == list(range(1, 21))
    assert {len(row) for row in rows} == {len(head)}
    assert max(map(len, lines)) <= 80


def test_the_same_seed_is_the_same_file(run: Run, tmp_path: Path) -> None:
    for name, threads in (("one", 1), ("two", 2)):
        run(
            "train",
            TINY,
            "digits",
            "--epochs",
            2,
            "--seed",
            5,
            "--threads",
            threads,
            "--out",
            f"{name}.striate",
        )
    run("train", TINY, "digits", "--epochs", 2, "--seed", 6, "--out", "other.striate")
    one, two, other = ((tmp_path / f"{name}.striate").read_bytes() for name in ("one", "two", "other"))
    assert one == two
    assert one != other


def test_every_option_reaches_the_training(run: Run, tmp_path: Path) -> None:
    settings = {
        "epochs": 2, "batch": 50, "lr": 0.03, "momentum": 0.5, "l2": 0.001,
        "schedule": "constant", "loss": "svm", "validation": 0.25, "seed": 9,
    }  # fmt: skip
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    line = "INPUT[8x8x1] - CONV[4, S=2] - RELU - FC[10]"
    run("train", line, "digits", status=2)
    run("train", line, "digits", *words, "--fit", "crop", "--out", "my.model", "--png", "my.png")
    model = Model.load(tmp_path / "my.model")
    assert (tmp_path / "my.png").exists()
    assert {name: model.notes[name] for name in settings if name != "loss"} == {
        name: value for name, value in settings.items() if name != "loss"
    }
    assert model.loss == "svm"
    assert model.network == striate.parse(line, fit="crop")
    # 1797 images: 359 to test, a quarter of the others to validate.
    assert model.notes["images"] == 1078
    assert model.notes["steps"] == 2 * 22


def test_without_validation(run: Run) -> None:
    said = run("train", TINY, "digits", "--epochs", 1, "--validation", 0).stdout
    assert "validat" not in said


def test_a_folder_of_images(run: Run, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for name, level in (("dark", 40), ("light", 200)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(10):
            pixels = generator.integers(level - 30, level + 30, (12, 16, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    said = run("train", "INPUT[6x6x3] - FC[2]", "pictures", "--epochs", 20, "--batch", 4).stdout
    assert "test accuracy 100.0 % (4 of 4 images)" in said
    assert (tmp_path / "pictures.striate").exists()
    held = run("test", "pictures.striate", "pictures").stdout
    assert "the 4 test images that were held out when the model was trained" in held
    (tmp_path / "pictures" / "dark" / "0.png").unlink()
    assert "all 19 images" in run("test", "pictures.striate", "pictures").stdout
    best = json.loads(run("predict", "pictures.striate", "pictures/light/3.png", "--json").stdout)
    assert best["images"][0]["best"][0]["class"] == "light"


# test and predict


def test_test_in_a_pipe(run: Run, trained: tuple[Path, str]) -> None:
    said = run("test", trained[0] / "digits.striate", "digits").stdout
    assert "\x1b" not in said
    accuracy = re.search(r"test accuracy (.* images\))", trained[1])
    assert accuracy
    assert f"accuracy {accuracy[1]}, loss" in said
    rows = {line.split()[0]: line.split() for line in said.splitlines() if re.match(r"\d +\d", line)}
    assert sorted(rows) == [str(digit) for digit in range(10)]
    for digit, (_, images, right, sign, *cells) in rows.items():
        counts = [0 if cell == "·" else int(cell) for cell in cells]
        assert sum(counts) == int(images)
        assert sign == "%"
        assert float(right) == pytest.approx(100 * counts[int(digit)] / sum(counts), abs=0.06)
    assert max(map(len, said.splitlines())) <= 80


def test_test_as_json(run: Run, trained: tuple[Path, str]) -> None:
    found = json.loads(run("test", trained[0] / "digits.striate", "--json").stdout)
    assert found["accuracy"] == pytest.approx(Model.load(trained[0] / "digits.striate").notes["test_accuracy"])
    assert np.array(found["confusion"]).sum() == found["images"] == 359
    assert np.trace(found["confusion"]) == found["correct"]


def test_predict_names_the_class(run: Run, trained: tuple[Path, str], tmp_path: Path) -> None:
    digits = load("digits").train
    for number in (0, 1):
        Image.fromarray(digits.images[number, :, :, 0]).save(tmp_path / f"{digits.labels[number]}.png")
    said = run("predict", trained[0] / "digits.striate", "0.png", "1.png").stdout.splitlines()
    assert [said[0], said[6]] == ["0.png", "1.png"]
    assert said[1].split()[0] == "0"
    assert said[7].split()[0] == "1"
    found = json.loads(run("predict", trained[0] / "digits.striate", "0.png", "--json").stdout)
    best = found["images"][0]["best"]
    assert len(best) == 5
    chances = [guess["probability"] for guess in best]
    assert chances == sorted(chances, reverse=True)
    scores = (
        Model.load(trained[0] / "digits.striate").compile(threads=1).scores(digits.images[:1])[0].astype(np.float64)
    )
    assert chances[0] == pytest.approx(np.exp(scores[0]) / np.exp(scores).sum(), rel=1e-5)


# plan and the rest


def test_plan(run: Run) -> None:
    said = run("plan", VGG, "--batch", 8).stdout
    assert said.rstrip("\n") == str(summary(striate.parse(VGG), 8)).rstrip("\n")
    assert json.loads(run("plan", VGG, "--json").stdout) == summary(striate.parse(VGG)).to_dict()
    assert "55x55x96" in run("plan", "INPUT[224x224x3] - CONV[96, 11x11, S=4, P=0]", "--fit", "pad").stdout


def test_help_and_version(run: Run) -> None:
    assert run("--version").stdout == f"striate {striate.__version__}\n"
    assert "train" in run("--help").stdout
    for command in ("train", "test", "predict", "plan"):
        said = run(command, "--help").stdout
        # Every help ends its text with an example to copy.
        assert f"\n    striate {command} " in said or f"\n    striate {command}\n" in said


def test_a_reader_that_leaves_early(environment: dict[str, str], tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "plan", VGG],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()


# mistakes


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "INPUT[8x8x1] - CONV[4, S=3] - FC[10]", "digits"], "fit=pad"),
        (["train", "INPUT[8x8x1] - CONF[4] - FC[10]", "digits"], "^^^^"),
        (["train", TINY], "DATA is missing"),
        (["train", "INPUT[9x9x1] - FC[10]", "digits"], "[8x8x1]"),
        (["train", "INPUT[8x8x1] - FC[9]", "digits"], "end the line with FC[10]"),
        (["train", TINY, "digit"], "did you mean digits?"),
        (["train", TINY, "nowhere/"], "nowhere/"),
        (["train", "--out", "nowhere/my.striate"], "there is no folder nowhere"),
        (["train", "--out", "."], "is a folder"),
        (["train", "--out", "a.png"], "give them different names"),
        (["train", "--png", "a.jpg"], "let its name end in .png"),
        (["train", "--out", "/dev/null"], "no regular file"),
        (["train", "--out", "file.txt/my.striate"], "file.txt is no folder"),
        (["train", "--epochs", "0"], "--epochs"),
        (["train", "--epochs", "many"], "--epochs"),
        (["train", "--lr", "nan"], "lr"),
        (["train", "--momentum", "1"], "momentum"),
        (["train", "--loss", "hinge"], "--loss"),
        (["train", "--schedule", "linear"], "--schedule"),
        (["train", "--validation", "1.5"], "--validation"),
        (["train", "--seed", "-1"], "--seed"),
        (["train", "--frobnicate"], "--frobnicate"),
        (["test"], "MODEL"),
        (["test", "nothing.striate", "digits"], "nothing.striate: there is no such file"),
        (["test", "file.txt", "digits"], "file.txt"),
        (["test", "good.striate", "nowhere"], "nowhere"),
        (["predict", "good.striate", "file.txt"], "file.txt"),
        (["predict", "good.striate", "nothing.png"], "nothing.png"),
        (["predict", "good.striate"], "IMAGE"),
        (["plan", ""], "INPUT"),
        (["plan", "INPUT[8x8x1] - FC[10]", "--fit", "squeeze"], "--fit"),
        (["plan", "INPUT[8x8x1] - FC[10]", "--batch", "0"], "--batch"),
        (["dance"], "dance"),
    ],
)
def test_a_mistake_is_one_clear_message(
    run: Run, trained: tuple[Path, str], tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "good.striate").write_bytes((trained[0] / "digits.striate").read_bytes())
    (tmp_path / "file.txt").write_text("some text")
    done = run(*words, status=2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    # Nothing was begun, nothing was left.
    assert "epoch" not in done.stdout
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file.txt", "good.striate"]


def test_a_folder_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    if os.access(locked, os.W_OK):
        locked = Path("/proc")  # even the superuser cannot make files there
        if not locked.is_dir():
            pytest.skip("this user may write everywhere")
        done = run("train", "--epochs", 1, "--out", locked / "my.striate", "--png", "my.png", status=1)
        assert "my.striate" in done.stderr
    else:
        done = run("train", "--out", locked / "my.striate", status=2)
        assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_diverges_leaves_earlier_files_alone(run: Run, tmp_path: Path) -> None:
    for name in ("digits.striate", "digits.png"):
        (tmp_path / name).write_bytes(b"earlier")
    done = run("train", "--lr", 1e9, status=1)
    assert "a smaller learning rate" in done.stderr
    assert "nothing was saved" in done.stderr
    assert "Traceback" not in done.stderr
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {
        "digits.striate": b"earlier", "digits.png": b"earlier",
    }  # fmt: skip


def test_a_damaged_model_is_refused(run: Run, trained: tuple[Path, str], tmp_path: Path) -> None:
    damaged = bytearray((trained[0] / "digits.striate").read_bytes())
    damaged[-9] ^= 4
    (tmp_path / "damaged.striate").write_bytes(damaged)
    done = run("test", "damaged.striate", "digits", status=2)
    assert "damaged.striate: damaged" in done.stderr
    assert done.stdout == ""


# Ctrl-C


@contextlib.contextmanager
def training(folder: Path, environment: dict[str, str]):  # type: ignore[no-untyped-def]
    """A training run that would take a long time, as a process of its own."""
    words = ["train", TINY, "digits", "--epochs", "100000", "--out", "long.striate"]
    process = subprocess.Popen(
        [*COMMAND, *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_ctrl_c_saves_what_was_learned(tmp_path: Path, environment: dict[str, str]) -> None:
    with training(tmp_path, environment) as process:
        # Past the third epoch.
        for line in process.stdout:
            if line.split()[:1] == ["3"]:
                break
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(r"stopped after \d+\.\d\d of 100000 epochs; saved what was learned so far", errors)
    assert "Traceback" not in errors
    assert sorted(each.name for each in tmp_path.iterdir()) == ["long.png", "long.striate"]
    with Image.open(tmp_path / "long.png") as picture:
        picture.load()
    model = Model.load(tmp_path / "long.striate")
    assert model.notes["stopped"] is True
    assert model.notes["epochs"] >= 3
    digits = hold_out(load("digits"), 0.1, seed=0).test
    assert (model.compile(threads=1).scores(digits.images).argmax(1) == digits.labels).mean() > 0.5


def test_ctrl_c_before_the_first_step_saves_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    with training(tmp_path, environment) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    # It may have come a few steps far; then what they taught is saved.
    assert process.returncode == 130
    assert "Traceback" not in errors
    left = sorted(each.name for each in tmp_path.iterdir())
    assert left == ([] if "saved what" not in errors else ["long.png", "long.striate"])


# a terminal


def on_terminal(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    """What a command shows on a terminal of 80 columns."""
    fcntl, pty, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, b"\x18\x00\x50\x00\x00\x00\x00\x00")
    environment = {**environment, "TERM": "xterm-256color"}
    process = subprocess.Popen(
        [*COMMAND, *words], cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # how Linux says that the other end is closed
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    assert process.wait() == 0
    return shown.decode()


def plain(shown: str) -> list[str]:
    """The lines without colours and cursor movements."""
    return re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown))


def test_training_on_a_terminal_shows_a_bar(tmp_path: Path, environment: dict[str, str]) -> None:
    lines = plain(on_terminal(["train", TINY, "digits", "--epochs", "3"], tmp_path, environment))
    bars = [line for line in lines if "━" in line]
    assert bars
    assert all(re.search(r"loss \d.*accuracy .* %.*images/s .*left", line) for line in bars)
    assert [line.split()[0] for line in lines if re.match(r" +\d+ +\d", line)] == ["1", "2", "3"]
    assert max(map(len, lines)) <= 80


def test_plan_on_a_terminal_fits_and_says_the_same(tmp_path: Path, environment: dict[str, str]) -> None:
    lines = plain(on_terminal(["plan", VGG], tmp_path, environment))
    assert max(map(len, lines)) <= 80
    totals = [line for line in lines if line.strip().startswith("total")]
    assert re.findall(r"[\d,.]+", " ".join(totals)) == [
        "26,890", "6,370", "70", "1,802,570", "235.2", "75.5", "3,588,320",
    ]  # fmt: skip


def test_a_test_on_a_terminal_is_coloured_and_aligned(
    trained: tuple[Path, str], tmp_path: Path, environment: dict[str, str]
) -> None:
    shown = on_terminal(["test", str(trained[0] / "digits.striate")], tmp_path, environment)
    assert "\x1b[32m" in shown
    rows = [line for line in plain(shown) if re.match(r"\d +\d", line)]
    assert len({len(row) for row in rows}) == 1
