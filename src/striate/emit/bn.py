"""BN: a slice's statistics over the whole batch, group after group, and what is made of them.

A piece of slices is swept several times by one thread, with all groups in their order each time: so no sum depends on
the threads. Squares are summed of what a level leaves, the mean of the first group: it is no further from that of all
than the square root of the number of groups, in spreads of the slice, so slices far from zero lose no digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from striate.emit.builder import Builder, Register, Value
from striate.emit.index import Index, Span
from striate.emit.loops import places, stretch, tiles
from striate.emit.tensor import Tensor

TOTAL, SECOND, IMAGES = range(3)  #: places in ``sums``: of numbers, of squares or products, of images

#: Places in ``moments``. The mean is LEVEL + REST; SCALE is the weight times INVERSE, 1 / sqrt(variance + eps). TAKEN
#: and SLOPE are what the statistics take from a gradient, and add to it.
LEVEL, REST, COUNT, SCALE, INVERSE, TAKEN, SLOPE = range(7)

COLUMNS = 4  #: whose sums are kept apart: more than the adders' latency needs would want more registers

At = tuple[Index, Index, Index]
More = Callable[[At, Sequence[Value]], Sequence[Value]]


def bn_level(b: Builder, x: Tensor, present: Tensor, moments: Tensor, *, block: int, span: Span | None = None) -> None:
    """The mean of a slice over one group, the first; lanes without an image do not count."""
    there, positions = present[0], x.shape.axes[1].size * x.shape.axes[2].size
    count = b.register("count", b.reduce_add(there) * b.scalar(positions))
    for d in _slices(b, x, block, span):
        (total,) = _sum(b, x, d, 1, lambda at, now: [now[0] + x[at]])
        moments[d, LEVEL] = b.divide(b.reduce_add(total * there), count.value)


def bn_squares(
    b: Builder, x: Tensor, present: Tensor, moments: Tensor, sums: Tensor, *, block: int, span: Span | None = None
) -> None:
    """sums += what the level leaves of x, its squares, and the images; lanes without one do not count."""
    there = present[0]
    for d in _slices(b, x, block, span):
        level = b.splat(moments[d, LEVEL])

        def more(at: At, now: Sequence[Value], level: Value = level) -> list[Value]:
            rest = x[at] - level
            return [now[0] + rest, b.fma(rest, rest, now[1])]

        rest, squares = _sum(b, x, d, 2, more)
        sums[d, TOTAL] = b.fma(rest, there, sums[d, TOTAL])
        sums[d, SECOND] = b.fma(squares, there, sums[d, SECOND])
        sums[d, IMAGES] = sums[d, IMAGES] + there


def bn_statistics(
    b: Builder,
    sums: Tensor,
    weights: Tensor,
    moments: Tensor,
    mean: Tensor,
    variance: Tensor,
    *,
    eps: float,
    momentum: float,
    positions: int,
    block: int,
    span: Span | None = None,
) -> None:
    """What normalises a slice; and its running mean and variance, moved towards those of the batch.

    The variance that is kept is the unbiased one; a single number has none, and moves nothing.
    """
    one, old, new = b.scalar(1), b.scalar(1 - momentum), b.scalar(momentum)
    for d in _slices(b, sums, block, span):
        count = b.register("count", b.reduce_add(sums[d, IMAGES]) * b.scalar(positions))
        rest = b.register("rest", b.divide(b.reduce_add(sums[d, TOTAL]), count.value))
        squares = b.divide(b.reduce_add(sums[d, SECOND]), count.value) - rest.value * rest.value
        spread = b.register("variance", b.maximum(b.scalar(0), squares))
        inverse = b.register("inverse", b.divide(one, b.sqrt(spread.value + b.scalar(eps))))
        moments[d, COUNT] = count.value
        moments[d, REST] = rest.value
        moments[d, INVERSE] = inverse.value
        moments[d, SCALE] = weights[d] * inverse.value
        unbiased = spread.value * b.divide(count.value, count.value - one)
        for state, batch in ((mean, moments[d, LEVEL] + rest.value), (variance, unbiased)):
            now = state[d]
            state[d] = b.where(count.value, ">", one, now * old + batch * new, now)
        for place in (TOTAL, SECOND, IMAGES):
            sums[d, place] = b.zero()


def bn_forward(
    b: Builder,
    x: Tensor,
    moments: Tensor,
    biases: Tensor,
    y: Tensor,
    *shortcut: Tensor,
    relu: bool,
    block: int,
    span: Span | None = None,
) -> None:
    """y = [RELU] ((x - mean) * scale + bias), or of that and what an ADD adds to it."""
    for d in _slices(b, x, block, span):
        level, scale = b.splat(moments[d, LEVEL]), b.splat(moments[d, SCALE])
        shift = b.splat(biases[d] - moments[d, REST] * moments[d, SCALE])
        for at in _places(b, x, d):
            value = b.fma(x[at] - level, scale, shift)
            for other in shortcut:
                value = value + other[at]
            y[at] = b.relu(value) if relu else value


def bn_gradient_sums(
    b: Builder, dy: Tensor, x: Tensor, moments: Tensor, sums: Tensor, *, block: int, span: Span | None = None
) -> None:
    """sums += dy, and dy times what the level leaves of x; dy is zero in lanes without an image."""
    for d in _slices(b, x, block, span):
        level = b.splat(moments[d, LEVEL])

        def more(at: At, now: Sequence[Value], level: Value = level) -> list[Value]:
            given = dy[at]
            return [now[0] + given, b.fma(given, x[at] - level, now[1])]

        total, products = _sum(b, x, d, 2, more)
        sums[d, TOTAL] = sums[d, TOTAL] + total
        sums[d, SECOND] = sums[d, SECOND] + products


def bn_learn(
    b: Builder,
    sums: Tensor,
    moments: Tensor,
    dweights: Tensor,
    dbiases: Tensor,
    *,
    positions: int,
    block: int,
    span: Span | None = None,
) -> None:
    """dweights and dbiases += their gradients; and TAKEN and SLOPE."""
    for d in _slices(b, sums, block, span):
        count, inverse, rest = moments[d, COUNT], moments[d, INVERSE], moments[d, REST]
        total = b.register("total", b.reduce_add(sums[d, TOTAL]))
        products = b.reduce_add(sums[d, SECOND]) - rest * total.value
        gradient = b.register("gradient", products * inverse)
        dweights[d] = dweights[d] + gradient.value
        dbiases[d] = dbiases[d] + total.value
        slope = b.register("slope", b.divide(gradient.value * inverse, count))
        moments[d, SLOPE] = b.scalar(0) - slope.value
        moments[d, TAKEN] = b.divide(total.value, count) - rest * slope.value
        sums[d, TOTAL] = b.zero()
        sums[d, SECOND] = b.zero()


def bn_backward(
    b: Builder,
    dy: Tensor,
    x: Tensor,
    moments: Tensor,
    present: Tensor,
    dx: Tensor,
    *,
    mask: bool,
    block: int,
    span: Span | None = None,
) -> None:
    """dx = (dy - TAKEN + (x - LEVEL) * SLOPE) * SCALE, and nothing in lanes without an image.

    Zero where ``mask`` says that a RELU held x at zero.
    """
    there = present[0]
    for d in _slices(b, x, block, span):
        level, slope = b.splat(moments[d, LEVEL]), b.splat(moments[d, SLOPE])
        scale, taken = b.splat(moments[d, SCALE]) * there, b.splat(moments[d, TAKEN])
        for at in _places(b, x, d):
            value = x[at]
            result = b.fma(value - level, slope, dy[at] - taken) * scale
            dx[at] = b.where(value, ">", b.zero(), result, b.zero()) if mask else result


def bn_scale(
    b: Builder, x: Tensor, scale: Tensor, shift: Tensor, y: Tensor, *, relu: bool, span: Span | None = None
) -> None:
    """y = [RELU] (x * scale + shift), a number of each for a slice: BN in scores."""
    for at in places(b, y, span):
        value = b.fma(x[at], b.splat(scale[at[0]]), b.splat(shift[at[0]]))
        y[at] = b.relu(value) if relu else value


def bn_scale_backward(
    b: Builder, dy: Tensor, scale: Tensor, x: Tensor, dx: Tensor, *, mask: bool, span: Span | None = None
) -> None:
    """dx = dy * scale; zero where ``mask`` says that a RELU held x at zero."""
    for at in places(b, dx, span):
        value = dy[at] * b.splat(scale[at[0]])
        dx[at] = b.where(x[at], ">", b.zero(), value, b.zero()) if mask else value


def running_scale(b: Builder, own: Sequence[Tensor], d: Index, eps: float) -> tuple[Value, Value]:
    """Scale and shift of a slice by its running statistics; ``own``: weights, biases, mean, variance."""
    weights, biases, mean, variance = own
    scale = b.register("scale", b.divide(weights[d], b.sqrt(variance[d] + b.scalar(eps))))
    return scale.value, biases[d] - mean[d] * scale.value


def _slices(b: Builder, volume: Tensor, block: int, span: Span | None) -> Iterator[Index]:
    """The slices in a span of pieces."""
    first, last = stretch(b, volume.shape.axes[0].size, block, span)
    return b.range(last, "d", start=first)


def _places(b: Builder, volume: Tensor, d: Index) -> Iterator[At]:
    """Every place of a slice."""
    _, height, width = (axis.size for axis in volume.shape.axes)
    for y in b.range(height, "y"):
        for x, wide in tiles(b, width, COLUMNS, "x"):
            for i in range(wide):
                yield d, y, x + i


def _sum(b: Builder, volume: Tensor, d: Index, many: int, more: More) -> list[Value]:
    """``many`` sums over a slice: by columns, then rows, so that few roundings meet in one sum.

    ``more``: the sums with what a place adds to them.
    """
    _, height, width = (axis.size for axis in volume.shape.axes)
    totals = [b.register("total", b.zero()) for _ in range(many)]
    for y in b.range(height, "y"):
        row = [[b.register("row", b.zero()) for _ in range(min(width, COLUMNS))] for _ in range(many)]
        for x, wide in tiles(b, width, COLUMNS, "x"):
            for i in range(wide):
                found = more((d, y, x + i), [sums[i].value for sums in row])
                for sums, value in zip(row, found, strict=True):
                    sums[i].value = value
        for total, sums in zip(totals, row, strict=True):
            total.value = total.value + _together(sums)
    return [total.value for total in totals]


def _together(sums: Sequence[Register]) -> Value:
    """A few registers' sum, in pairs."""
    values = [each.value for each in sums]
    while len(values) > 1:
        values = [a + c for a, c in zip(values[::2], values[1::2], strict=False)] + values[len(values) // 2 * 2 :]
    return values[0]
