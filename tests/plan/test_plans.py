"""Plans as people read them, and what must hold of every one."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from unittest.mock import patch

import pytest

import golden_text
from corpus import CASES, LARGE, NETS
from striate.notation import parse
from striate.plan import plan as planner
from striate.plan.arena import ALIGNMENT, Arena, Buffer, aligned
from striate.plan.flow import flow
from striate.plan.lifetimes import Lifetime, pack
from striate.plan.order import ORDERS
from striate.plan.parameters import ALIGNED, CHUNK, decays, row
from striate.plan.parts import Parts, parts, root
from striate.plan.plan import MOST_SLOTS, SCORES, SLOT_BYTES, Plan, plan
from striate.plan.shape import Shape
from striate.plan.target import TARGETS

LINES = {**NETS, **CASES, **LARGE}
GOLDEN = {
    "tinyvgg_avx512": (NETS["tinyvgg"], "avx512", 128, "softmax"),
    "lenet_avx2": (NETS["lenet"], "avx2", 20, "svm"),
    "edges_sse2": (CASES["wide-stride"], "sse2", 5, "softmax"),
    "skips_avx2": (CASES["skip-projected"], "avx2", 20, "softmax"),
    "branches_avx2": (CASES["branches-inception"], "avx2", 20, "softmax"),
    "alexnet_avx512": (LARGE["alexnet"], "avx512", 64, "softmax"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_plan_reads_well(name: str) -> None:
    line, target, batch, loss = GOLDEN[name]
    golden_text.check(f"plan_{name}.txt", str(plan(parse(line), TARGETS[target], batch, loss)))


@pytest.fixture(scope="module", params=[(name, target) for name in LINES for target in TARGETS], ids="-".join)
def made(request: pytest.FixtureRequest) -> Plan:
    name, target = request.param
    small = name in CASES  # whose halos would never be cleared
    with patch.object(planner, "CLEARED_BYTES", 0 if small else planner.CLEARED_BYTES):
        return plan(parse(LINES[name]), TARGETS[target], 37, "softmax")


def joint(made: Plan) -> Parts:
    """Which volumes are parts of others."""
    return parts(flow(made.network, made.units))


def in_use(made: Plan) -> dict[str, tuple[int, int]]:
    """First and last call for every volume and scratch; what is older or younger than a step is always there.

    The calls are those of a training step, and after them those for one image; of volumes that scores have for
    themselves, those for scores.
    """
    found: dict[str, tuple[int, int]] = {}
    known = joint(made)
    for i, call in enumerate((*made.train, *made.single.calls)):
        for name in (root(known, name).of for name in call.named):
            if made.buffers[name].scope in ("rank", "group") and not name.endswith(".gradient"):
                found[name] = (found.get(name, (i, i))[0], i)
    for i, call in enumerate(made.scores):
        for name in (root(known, name).of for name in call.buffers):
            if name.startswith(SCORES):
                found[name] = (found.get(name, (i, i))[0], i)
    for name in ("input.y", f"{SCORES}input.y", "labels", "weights", "losses", "hits"):
        found.pop(name, None)
    return found


def spans(made: Plan, rank: bool) -> list[tuple[int, int, str]]:
    """(first byte, end, name) of every buffer of a region that owns its bytes, all instances."""
    found, known = [], joint(made)
    for buffer in made.buffers.values():
        part_of_another = buffer.scope != "rank" and (
            buffer.name.endswith((".gradient", ".velocity"))
            or buffer.name == "gradient"
            or buffer.name in {place.name for place in made.row.places}
        )
        if not part_of_another and buffer.name not in known and (buffer.scope == "rank") == rank:
            more = buffer.stride * (made.groups - 1) if buffer.scope == "group" else 0
            found.append((buffer.offset, buffer.offset + more + buffer.bytes, buffer.name))
    return sorted(found)


def sharing(made: Plan, rank: bool) -> list[tuple[str, str]]:
    """Pairs of buffers that share bytes."""
    found = spans(made, rank)
    return [
        (first, second)
        for i, (_, end, first) in enumerate(found)
        for start, _, second in found[i + 1 :]
        if start < end and not (rank and first.endswith(".gradient") and second.endswith(".gradient"))
    ]


def test_buffers_in_use_at_one_time_share_no_byte(made: Plan) -> None:
    """Gradients of streamed FCs share a place, which every update leaves as zeros."""
    for rank, end in ((False, made.shared_bytes), (True, made.rank_bytes)):
        lives = in_use(made)
        for one, other in sharing(made, rank):
            assert one in lives and other in lives, (one, other)
            assert lives[one][1] < lives[other][0] or lives[other][1] < lives[one][0], (one, other)
        last = max(last for _, last, _ in spans(made, rank))
        assert last <= end < last + ALIGNMENT


def test_halos_are_cleared_where_others_have_been(made: Plan) -> None:
    soiled = {name for rank in (False, True) for pair in sharing(made, rank) for name in pair}
    haloed = {b.name for b in made.buffers.values() if b.shape.halo and b.scope in ("rank", "group") and not b.scratch}
    known = joint(made)
    for calls in (made.train, made.scores):
        named: set[str] = set()
        cleared: set[str] = set()
        for call in calls:
            wholes = {root(known, name).of for name in call.buffers}
            if call.family == "clear_halo":
                assert not named & wholes, call
                cleared |= wholes
            named |= wholes
        assert cleared == named & soiled & haloed


def test_volumes_that_lie_apart() -> None:
    """As tools want them that run one call and look at what it made."""
    apart = plan(parse(LARGE["vgg64"]), TARGETS["avx512"], 64, "softmax", apart=True)
    assert all(apart.buffers[name].scratch for pair in sharing(apart, True) for name in pair)
    assert not any(call.family == "clear_halo" for call in apart.train)
    assert plan(apart.network, apart.target, 64, "softmax").rank_bytes < 0.6 * apart.rank_bytes


def test_blocks_are_packed_into_gaps() -> None:
    lives = {"a": Lifetime(0, 9), "b": Lifetime(0, 3), "c": Lifetime(4, 9), "d": Lifetime(5, 6), "e": Lifetime(3, 4)}
    offsets = pack({"a": 100, "b": 60, "c": 40, "d": 20, "e": 10}, lives)
    assert offsets == {"a": 0, "b": 100, "c": 100, "d": 140, "e": 160}


def test_every_buffer_begins_where_a_vector_may(made: Plan) -> None:
    vector, known = made.target.lanes * 4, joint(made)
    for buffer in made.buffers.values():
        assert buffer.offset % (vector if buffer.name in known else ALIGNMENT) == 0, buffer
        assert buffer.scope in ("shared", "rank") or buffer.stride % vector == 0, buffer
        assert buffer.bytes == buffer.shape.bytes(made.target.lanes) or buffer.scope == "slot", buffer
    assert made.shared_bytes % ALIGNMENT == 0 and made.rank_bytes % ALIGNMENT == 0


def test_parameters_and_their_gradients_lie_in_their_rows(made: Plan) -> None:
    parameters, gradients, slot = (made.buffers[n] for n in ("parameters", "gradients", "gradient"))
    assert gradients.bytes == made.slots * slot.stride == made.slots * 4 * made.row.summed
    assert parameters.bytes == made.buffers["velocity"].bytes == 4 * made.row.size
    for place in made.row.places:
        own, gradient = made.buffers[place.name], made.buffers[f"{place.name}.gradient"]
        assert own.offset - parameters.offset == 4 * place.start and own.bytes == 4 * place.size
        assert own.offset + own.bytes <= parameters.offset + parameters.bytes
        if place.start < made.row.summed:
            assert gradient.offset - gradients.offset == 4 * place.start
            assert gradient.bytes == own.bytes and gradient.stride == slot.stride
        else:
            velocity = made.buffers[f"{place.name}.velocity"]
            assert velocity.offset - made.buffers["velocity"].offset == 4 * place.start
            assert made.layered and velocity.bytes == own.bytes and gradient.scope == "rank"


def test_calls_name_buffers_that_exist_and_every_volume_is_used(made: Plan) -> None:
    named = {name for call in (*made.train, *made.scores, *made.single.calls) for name in call.named}
    assert named <= made.buffers.keys()
    volumes = {buffer.name for buffer in made.buffers.values() if buffer.scope in ("rank", "group")}
    named |= {root(joint(made), name).of for name in named}
    assert volumes - named <= {"line", "dscores"}


def test_what_a_call_reads_was_written_before(made: Plan) -> None:
    """Volumes only: parameters are there from the start, and slots are cleared first."""
    writes = {
        "conv_forward": (3, 4),
        "local_forward": (3,),
        "local_data_gradient": (3, 4),
        "local_weight_gradient": (4,),
        "depthwise_forward": (3, 4),
        "fc_forward": (3,),
        "pool_forward": (1, 2),
        "average_forward": (1,),
        "average_backward": (2,),
        "average_spread": (2,),
        "l2_forward": (1, 2),
        "l2_backward": (3,),
        "l2_spread": (3,),
        "lrn_forward": (1, 2, 3),
        "lrn_backward": (4,),
        "relu_forward": (1,),
        "activation_forward": (1,),
        "activation_backward": (2,),
        "maxout_forward": (1, 2),
        "maxout_backward": (2,),
        "add_forward": (2,),
        "copy": (1,),
        "softmax_loss": (3, 4, 5),
        "relu_backward": (2,),
        "unpool": (2,),
        "pool_backward": (3,),
        "conv_data_gradient": (3,),
        "depthwise_backward": (3,),
        "fc_data_gradient": (3,),
        "winograd_forward": (3, 4, 5, 6),
        "winograd_data_gradient": (3, 4, 5),
        "winograd_weight_gradient": (3, 4, 5),
        "deep_gradient": (3, 4, 5, 6),
        "packed_forward": (3, 4, 5),
        "packed_data_gradient": (3, 4, 5),
        "packed_weight_gradient": (3, 4),
        "bn_forward": (3,),
        "bn_backward": (4,),
    }
    written = {"input.y", "labels", "weights", "present"}
    written |= {name for name in made.buffers if name.endswith((".gradient", ".seeds"))}
    volumes, known = ("rank", "group"), joint(made)

    def above(name: str) -> bool:
        """Whether what a volume is a part of was written."""
        return name in written or (name in known and above(known[name].of))

    def there(name: str) -> bool:
        """Whether a volume was written: itself, what it is a part of, or all of its parts."""
        inner = [own for own, part in known.items() if part.of == name]
        return above(name) or (bool(inner) and all(map(there, inner)))

    for call in (each for head in made.train for each in head.chain):
        if call.family == "clear_halo":
            continue
        adds = bool(call.setting("add"))
        out = [i for i in writes.get(call.family, ()) if not adds or made.buffers[call.buffers[i]].scratch]
        for i, name in enumerate(call.buffers):
            if made.buffers[name].scope in volumes and i not in out:
                assert there(name), f"{call} reads {name}"
        fresh = {name for i, name in enumerate(call.buffers) if i in out}
        assert not fresh & written, f"{call} writes {fresh & written} again"
        written |= fresh


def test_the_path_of_one_image(made: Plan) -> None:
    """Every call has its inputs from the calls before it, or works on one in place; its buffers share no byte."""
    parameters = {place.name for place in made.row.places}
    ready = {f"{conv.name}.{kind}" for conv in made.single.convs for kind in ("weights", "biases")}
    ready |= {"single.scales", "single.shifts"}
    parameters |= {name for name in made.buffers if name.endswith((".scale", ".shift", ".biases"))}
    y = ""
    for call in made.single.calls:
        scratch = {name for name in call.buffers if made.buffers[name].scratch}
        *read, y = (name for name in call.buffers if name not in scratch)
        assert set(read) <= ready | parameters and (y in ready) == (not read) and call.items > 0, call
        assert all(made.buffers[name].scope == ("rank" if name in scratch else "shared") for name in call.buffers)
        ready.add(y)
    assert made.single.scores == y
    assert {name for name in made.buffers if name.startswith("single.")} == ready
    assert 1 <= made.single.most <= made.target.lanes


def test_groups_fill_slots(made: Plan) -> None:
    assert made.groups == -(-37 // made.target.lanes)
    assert 1 <= made.slots <= min(made.groups, MOST_SLOTS)
    assert made.slots == 1 or made.slots * made.row.size * 4 <= SLOT_BYTES


def test_a_plan_is_frozen() -> None:
    made = plan(parse(CASES["fc-fc"]), TARGETS["avx2"], 5, "softmax")
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.batch = 6  # type: ignore[misc]
    with pytest.raises(TypeError):
        made.buffers["more"] = made.buffers["line"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("name", "batch", "slots"),
    [("tinyvgg", 128, 8), ("tinyvgg", 1000, 16), ("tinyvgg", 1, 1), ("tinyvgg", 49, 4), ("vgg16", 128, 1)],
)
def test_slots(name: str, batch: int, slots: int) -> None:
    """As many threads may take a group each; one where they share every call."""
    assert plan(parse(LINES[name]), TARGETS["avx512"], batch, "softmax").slots == slots


@pytest.mark.parametrize(
    ("name", "batch", "layered"),
    [("tinyvgg", 128, False), ("tinyvgg", 48, True), ("vgg64", 64, False), ("alexnet", 128, True)],
)
def test_the_order(name: str, batch: int, layered: bool) -> None:
    """Layer by layer where FC weights are large or groups are few, and wherever it is asked for."""
    made = plan(parse(LINES[name]), TARGETS["avx512"], batch, "softmax")
    assert made.layered is layered and str(made.order) in str(made)
    for i, order in enumerate(ORDERS):
        assert plan(parse(LINES[name]), TARGETS["avx512"], batch, "softmax", order=order).layered == bool(i)


@pytest.mark.parametrize("order", [None, *ORDERS])
def test_bn_trains_layer_by_layer(order: str | None) -> None:
    """Whatever is asked for, and scores go as they would without it."""
    for batch in (16, 128):
        with_bn, without = (
            plan(parse(line), TARGETS["avx512"], batch, "softmax", order=order).order
            for line in (LINES["bn"], LINES["bn"].replace(" - BN", ""))
        )
        assert with_bn.layered and with_bn.deep_scores != without.layered


def test_bn_behind_a_conv_is_no_part_of_scores() -> None:
    line = "INPUT[6x6x2] - CONV[3] - DROPOUT - BN - RELU - POOL - CONV[4] - RELU - BN - FC[3]"
    made = plan(parse(line), TARGETS["avx2"], 64, "softmax")
    assert [call.family for call in made.scores if call.family.startswith("bn")] == ["bn_scale"]
    families = [call.family for call in made.single.calls]
    assert families.count("single_bn") == 1 and "single_pool" not in families
    assert "pool_forward" not in [call.family for call in made.scores]
    assert "bn1 as the weights of conv1" in str(made) and "bn2 as a scale and a shift" in str(made)


@pytest.mark.parametrize("name", LINES)
def test_the_row_of_parameters(name: str) -> None:
    numbers = row(parse(LINES[name]))
    weights = [p for p in numbers.places if decays(p.name, p.shape)]
    biases = [p for p in numbers.places if p not in weights]  # and BN's weights, which L2 leaves alone as well
    assert [p.name for p in numbers.places] == list(parse(LINES[name]).parameter_shapes())
    assert numbers.weights % CHUNK == 0 and numbers.biases % CHUNK == 0
    ordered = sorted(numbers.places, key=lambda p: p.start)
    for first, second in pairwise(ordered):
        assert first.start + first.size <= second.start
    assert all(p.start % ALIGNED == 0 for p in ordered)
    assert all(p.start + p.size <= numbers.weights for p in weights)
    assert all(numbers.weights <= p.start and p.start + p.size <= numbers.size for p in biases)


def test_two_buffers_of_one_name() -> None:
    arena = Arena(4)
    arena.book("x", Shape.of(3))
    with pytest.raises(ValueError, match="two buffers are named x"):
        arena.book("x", Shape.of(3), "rank")


def test_an_arena_as_it_is_booked() -> None:
    arena = Arena(4)
    assert arena.book("x", Shape.of(3)) == Buffer("x", Shape.of(3), "shared", 0, 48, 48)
    assert arena.book("y", Shape.of(3), "group", 5).offset == 64
    assert arena.book("z", Shape.of(1, element="f32")).offset == 64 + aligned(5 * 48)
    assert arena.book("r", Shape.of(5), "rank").offset == 0 and arena.rank == 128
    assert str(arena.buffers["y"]).split() == ["64", "48", "y", "lanes[3]", "per", "group"]
