"""Coverage-guided fuzzing of the notation with atheris, for as long as you like.

    pip install atheris
    python tools/fuzz_notation.py fuzz-corpus -max_total_time=3600 -rss_limit_mb=2048 -timeout=10

The first argument is a folder, which begins with lines of the tests and keeps what it finds; the others are
libFuzzer's. Whatever `tests/notation/mutations.py` does not allow ends it with the text that did it.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "tests" / "notation")]


def main() -> None:
    """Fill the folder and run."""
    try:
        import atheris
    except ImportError:
        raise SystemExit("atheris is missing: pip install atheris (for Linux or macOS)") from None
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        raise SystemExit(__doc__)
    with atheris.instrument_imports(include=["striate"]):
        from mutations import PIECES, check, seeds
        from test_messages import MISTAKES

        from corpus import CASES, NETS

    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for line in seeds([*CASES.values(), *NETS.values(), *MISTAKES]):
        data = line.encode()
        (folder / sha256(data).hexdigest()[:40]).write_bytes(data)
    words = folder.with_suffix(".dict")
    escaped = ("".join(f"\\x{byte:02x}" for byte in piece.encode()) for piece in PIECES)
    words.write_text("".join(f'"{piece}"\n' for piece in escaped), encoding="utf-8")

    def one(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        check(text, ("raise", "pad", "crop")[len(data) % 3], mended=len(data) % 7 == 0)

    atheris.Setup([sys.argv[0], str(folder), f"-dict={words}", *sys.argv[2:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
