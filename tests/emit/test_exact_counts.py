"""The counting reading against closed forms."""

from __future__ import annotations

import pytest
from python_reading import make_plan

from corpus import CASES, NETS
from striate.emit.counts import Counts, CountsBuilder
from striate.emit.program import emit_entry
from striate.layers import Conv, Fc
from striate.notation import Network, parse

LINES = {**CASES, **NETS}


def count(line: str, entry: str, target: str, images: int) -> dict[str, Counts]:
    """What each kernel family does in one run."""
    made = make_plan(line, target, batch=images)
    groups = -(-images // made.target.lanes)
    b = CountsBuilder(made.target.lanes, {"images": images, "groups": groups})
    emit_entry(b, made, entry)
    families: dict[str, Counts] = {}
    for name, counts in b.by_kernel.items():
        families.setdefault(name.rsplit("_", 1)[0], Counts()).add(counts)
    return {**families, "all": b.total}


def connections(network: Network, kind: type) -> int:
    """Multiply-adds of one image's forward pass through the layers of a kind."""
    nodes = [node for node in network.nodes if isinstance(node.layer, kind)]
    return sum(node.layer.connections(node.input) * node.output.size for node in nodes)


@pytest.mark.parametrize("target", ["avx512", "avx2", "sse2"])
@pytest.mark.parametrize("name", [n for n in LINES if n not in ("crop-pool", "uneven-fit")])
def test_forward_is_every_connection_once(name: str, target: str) -> None:
    """Connections per neuron times neurons times lanes, for every group: no more and no less."""
    network, images = parse(LINES[name]), 19
    counted = count(LINES[name], "scores_float", target, images)
    lanes = make_plan(LINES[name], target).target.lanes
    in_lanes = -(-images // lanes) * lanes
    for family, kind in (("conv_forward", Conv), ("fc_forward", Fc)):
        found = counted.get(family, Counts()).multiply_adds
        assert found == connections(network, kind) * in_lanes, family


def test_a_fused_pool_that_crops_leaves_out_what_nobody_asks_for() -> None:
    counted = count(CASES["crop-pool"], "scores_float", "sse2", 4)  # 6 of 7 rows and columns
    assert counted["conv_forward"].multiply_adds == 6 * 6 * 4 * 27 * 4


def test_backward_of_a_convolution_that_keeps_the_size() -> None:
    """Each pass over weights and positions is as long as the forward one; padding is computed like the rest."""
    line = "INPUT[6x5x3] - CONV[4] - CONV[5] - FC[3]"
    network, counted = parse(line), count(line, "train_float", "sse2", 4)
    forward = connections(network, Conv) * 4
    assert counted["conv_forward"].multiply_adds == forward
    assert counted["conv_weight_gradient"].multiply_adds == forward
    assert counted["conv_data_gradient"].multiply_adds == 30 * 5 * 36 * 4  # the second CONV's alone
    # dweights += the sum over 4 lanes, 3 additions and 1, for each weight and row (these plans hold one row at a time);
    # one bias a filter, over 30 positions
    assert counted["conv_weight_gradient"].others == (4 * 27 + 5 * 36) * 4 * 5
    assert counted["bias_gradient"].loaded == (4 + 5) * (30 * 4 * 4 + 4)


def test_a_stride_skips_what_meets_no_weight() -> None:
    line = "INPUT[8x8x1] - CONV[2, 1x1] - CONV[3, 2x2, S=2, P=0] - FC[2]"
    counted = count(line, "train_float", "sse2", 4)
    assert counted["conv_data_gradient"].multiply_adds == 8 * 8 * 2 * 3 * 4  # one weight of four for each position


def test_what_would_meet_only_the_halo_is_left_out_on_the_way_back() -> None:
    line = "INPUT[8x8x1] - CONV[2, 1x1] - CONV[3, 5x5, P=0] - FC[2]"
    counted = count(line, "train_float", "sse2", 4)
    assert counted["conv_data_gradient"].multiply_adds == 4 * 4 * 25 * 2 * 3 * 4  # every product of the way forward


def test_fully_connected() -> None:
    line = "INPUT[4x4x2] - FC[8] - RELU - FC[3]"
    counted = count(line, "train_float", "sse2", 8)
    assert counted["fc_forward"].multiply_adds == (32 * 8 + 8 * 3) * 8
    assert counted["fc_weight_gradient"].multiply_adds == (32 * 8 + 8 * 3) * 8  # inputs are whole vectors
    assert counted["fc_data_gradient"].multiply_adds == 8 * 3 * 8
    assert counted["fc_forward"].stored == (8 + 3) * 4 * 8
    assert counted["fc_data_gradient"].stored == 8 * 4 * 8


def test_layers_that_only_move_and_compare() -> None:
    counted = count("INPUT[4x2x3] - RELU - POOL - FC[2]", "scores_float", "sse2", 4)
    assert counted["relu_forward"] == Counts(others=24 * 4, loaded=24 * 16, stored=24 * 16)
    windows = 2 * 3
    assert counted["pool_forward"] == Counts(
        others=windows * (4 * 4 + 2) * 4, loaded=windows * 4 * 16, stored=windows * 16
    )
    assert counted["all"].flops == 2 * counted["all"].multiply_adds + counted["all"].others


def test_averages_and_norms() -> None:
    counted = count("INPUT[4x4x3] - POOL[average] - POOL[2x2, S=1, l2] - FC[2]", "scores_float", "sse2", 4)
    windows = 4 * 3
    # A sum of few is made in two parts, which are added: 4 + 1 additions and a product; or one, and the root.
    assert counted["average_forward"] == Counts(others=windows * 6 * 4, loaded=windows * 4 * 16, stored=windows * 16)
    assert counted["l2_forward"] == Counts(multiply_adds=3 * 4 * 4, others=3 * 2 * 4, loaded=3 * 4 * 16, stored=3 * 16)


def test_lrn_reads_every_slice_of_a_window() -> None:
    counted = count("INPUT[4x2x6] - LRN[3] - FC[2]", "scores_float", "sse2", 4)
    met, numbers = 8 * (2 + 3 * 4 + 2), 8 * 6
    assert counted["lrn_forward"].multiply_adds == (met + numbers) * 4
    assert counted["lrn_forward"].loaded == (met + numbers) * 16


def test_dropout() -> None:
    """A hash is eleven operations on whole numbers; where a RELU's zeros come along, the way back needs none."""
    counted = count("INPUT[4x2x3] - DROPOUT - FC[5] - RELU - DROPOUT - FC[2]", "train_float", "sse2", 4)
    numbers, one = (24 + 5) * 4, 2 * (2 * 4 + 4 * 4)  # of two calls: threshold and scale, and the seeds
    assert counted["dropout"] == Counts(
        others=2 * numbers, loaded=4 * numbers + one, stored=4 * numbers, whole=11 * numbers
    )
    assert counted["dropout_scale"] == Counts(others=5 * 4, loaded=5 * 16 + 4, stored=5 * 16)
    assert "dropout" not in count("INPUT[4x2x3] - DROPOUT - FC[2]", "scores_float", "sse2", 4)


def test_batch_normalization() -> None:
    """Training sweeps a slice twice on the way there and twice back; folded into a CONV, scores never do."""
    line = "INPUT[4x2x3] - CONV[5, 1x1] - BN - RELU - FC[2]"
    counted = count(line, "train_float", "sse2", 4)
    numbers = 5 * 8 * 4
    assert counted["bn_squares"].loaded == 4 * numbers + 16 + 5 * (4 + 3 * 16)
    assert counted["bn_forward"].multiply_adds == numbers and counted["bn_forward"].stored == 4 * numbers
    assert counted["bn_backward"].multiply_adds == numbers and counted["bn_backward"].others == 3 * numbers + 5 * 4
    scored = count(line, "scores_float", "sse2", 4)
    assert not [family for family in scored if family.startswith("bn")]
    assert scored["conv_forward"].others == numbers  # the RELU's


def test_functions_and_maxout() -> None:
    """In place a number is read and written once; the way back reads the gradient and the result."""
    counted = count("INPUT[4x2x3] - FC[6] - LEAKY - MAXOUT[3] - FC[2]", "train_float", "sse2", 4)
    numbers = 6 * 4
    assert counted["activation"] == Counts(others=2 * numbers, loaded=4 * numbers, stored=4 * numbers)
    assert counted["activation_slope"] == Counts(others=2 * numbers, loaded=8 * numbers, stored=4 * numbers)
    assert counted["maxout_forward"].loaded == 4 * numbers
    assert counted["maxout_backward"].stored == 4 * numbers


def test_groups_are_counted_alike_in_training_and_in_scores() -> None:
    line = NETS["seed"]
    training, scores = count(line, "train_float", "avx2", 50), count(line, "scores_float", "avx2", 50)
    assert training["conv_forward"].multiply_adds == scores["conv_forward"].multiply_adds
    assert training["input_forward"] == scores["input_forward"]
