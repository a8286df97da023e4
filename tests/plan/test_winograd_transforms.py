"""The transforms of Winograd's minimal filtering are exact: in fractions, there is no rounding to hide behind."""

from fractions import Fraction

import pytest

from striate.plan.winograd import Matrix, transforms, transposed


def times(matrix: Matrix, vector: list[Fraction]) -> list[Fraction]:
    return [sum((a * b for a, b in zip(row, vector, strict=True)), Fraction(0)) for row in matrix]


@pytest.mark.parametrize(("size", "field"), [(2, 3), (4, 3), (2, 5)])
def test_filtering_is_exact(size: int, field: int) -> None:
    kit = transforms(size, field)
    data = [Fraction(3 * i * i - 7 * i + 2, 5) for i in range(kit.tile)]
    weights = [Fraction(2 * i * i - 3, 7) for i in range(field)]
    products = [a * b for a, b in zip(times(kit.weights, weights), times(kit.data, data), strict=True)]
    wanted = [sum(data[i + f] * weights[f] for f in range(field)) for i in range(size)]
    assert times(kit.result, products) == wanted


@pytest.mark.parametrize(("size", "field"), [(2, 3), (4, 3), (2, 5)])
def test_weight_gradient_is_exact(size: int, field: int) -> None:
    """The weight gradient is the transposed algorithm: weights^T . [(result^T . dz) * (data . d)]."""
    kit = transforms(size, field)
    data = [Fraction(i * i - 4, 3) for i in range(kit.tile)]
    gradients = [Fraction(5 - 2 * i, 9) for i in range(size)]
    spread = times(transposed(kit.result), gradients)
    products = [a * b for a, b in zip(spread, times(kit.data, data), strict=True)]
    wanted = [sum(data[i + f] * gradients[i] for i in range(size)) for f in range(field)]
    assert times(transposed(kit.weights), products) == wanted


@pytest.mark.parametrize(("size", "field"), [(2, 3), (4, 3), (2, 5)])
def test_data_and_result_matrices_are_exact_in_float32(size: int, field: int) -> None:
    for matrix in (transforms(size, field).data, transforms(size, field).result):
        for row in matrix:
            for value in row:
                assert value.denominator & (value.denominator - 1) == 0
                assert abs(value.numerator) < 2**24
