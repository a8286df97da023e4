"""Small constant matrices on vectors, with what their rows and columns share computed once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from striate.emit.builder import Builder, Value
from striate.plan.winograd import Matrix, Row


def _sum(b: Builder, row: Sequence[Fraction], values: Sequence[Value]) -> Value | None:
    """sum(row * values), with as few operations as signs and ones allow; None for an empty sum."""
    terms = sorted(((c, v) for c, v in zip(row, values, strict=True) if c), key=lambda t: (abs(t[0]) != 1, t[0] < 0))
    if not terms:
        return None
    (first, total), rest = terms[0], terms[1:]
    if first != 1:
        total = total * b.constant(float(first))
    for coefficient, value in rest:
        if coefficient == 1:
            total = total + value
        elif coefficient == -1:
            total = total - value
        else:
            total = b.fma(value, b.constant(float(coefficient)), total)
    return total


def _split(row: Row) -> tuple[Row, Row]:
    """The row with only its even places, and with only its odd ones."""
    zero = Fraction(0)
    return (
        tuple(c if i % 2 == 0 else zero for i, c in enumerate(row)),
        tuple(c if i % 2 else zero for i, c in enumerate(row)),
    )


def combine(b: Builder, matrix: Matrix, values: Sequence[Value]) -> list[Value]:
    """matrix . values. Rows that are each other's mirror (x to -x) share their even and odd halves; so do columns."""
    columns = _mirrored_columns(matrix)
    if columns:
        return _fold_columns(b, matrix, values, columns)
    out: dict[int, Value] = {}
    for i, row in enumerate(matrix):
        if i in out:
            continue
        even, odd = _split(row)
        mirror = tuple(e - o for e, o in zip(even, odd, strict=True))
        twin = next((j for j in range(i + 1, len(matrix)) if matrix[j] == mirror and any(odd)), None)
        if twin is None:
            out[i] = _sum(b, row, values)
            continue
        high, low = _sum(b, even, values), _sum(b, odd, values)
        if high is None:
            raise ValueError("a row without even places is no mirror of another")
        out[i], out[twin] = high + low, high - low
    return [out[i] for i in range(len(matrix))]


def _mirrored_columns(matrix: Matrix) -> list[tuple[int, int]]:
    """Pairs of columns that are equal in even rows and opposite in odd ones."""
    width, pairs, used = len(matrix[0]), [], set()
    for i in range(width):
        for j in range(i + 1, width):
            if i in used or j in used:
                continue
            column = [(row[i], row[j]) for row in matrix]
            if any(a for a, _ in column) and all(
                a == (c if place % 2 == 0 else -c) for place, (a, c) in enumerate(column)
            ):
                pairs.append((i, j))
                used |= {i, j}
    return pairs


def _fold_columns(b: Builder, matrix: Matrix, values: Sequence[Value], pairs: Sequence[tuple[int, int]]) -> list[Value]:
    sums = {i: values[i] + values[j] for i, j in pairs}
    differences = {i: values[i] - values[j] for i, j in pairs}
    dropped = {j for _, j in pairs}
    out = []
    for place, row in enumerate(matrix):
        kept = [i for i in range(len(row)) if i not in dropped]
        chosen = [(sums if place % 2 == 0 else differences).get(i, values[i]) for i in kept]
        out.append(_sum(b, [row[i] for i in kept], chosen))
    return out
