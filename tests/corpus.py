"""The one corpus of named nets and layer cases, as lines of notation, and random numbers to run them on.

``NETS`` are trained and timed; ``CASES`` are small and aim at one edge each: every check runs on all of them.
``LARGE`` are for shapes, tables and plans; they are too big to run everywhere.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from striate.notation import Network

NETS = {
    "seed": "INPUT[32x32x3] - CONV[12, 5x5] - RELU - POOL - FC[10]",
    "lenet": "INPUT[28x28x1] - CONV[6, 5x5] - RELU - POOL - CONV[16, 5x5, P=0] - RELU - POOL"
    " - FC[120] - RELU - FC[84] - RELU - FC[10]",
    "tinyvgg": "INPUT[32x32x3] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[10]",
    "convnetjs": "INPUT[32x32x3] - CONV[16, 5x5] - RELU - POOL - [CONV[20, 5x5] - RELU - POOL]*2 - FC[10]",
    "vgg32": "INPUT[32x32x3] - [CONV[32] - RELU]*2 - POOL - [CONV[64] - RELU]*2 - POOL"
    " - [CONV[128] - RELU]*2 - POOL - FC[10]",
}

LARGE = {
    "vgg64": "INPUT[32x32x3] - [CONV[64] - RELU]*2 - POOL - [CONV[128] - RELU]*2 - POOL"
    " - [CONV[256] - RELU]*2 - POOL - FC[10]",
    "alexnet": "INPUT[227x227x3] - CONV[96, 11x11, S=4, P=0] - RELU - POOL[3x3, S=2]"
    " - CONV[256, 5x5] - RELU - POOL[3x3, S=2] - [CONV[384] - RELU]*2 - CONV[256] - RELU - POOL[3x3, S=2]"
    " - [FC[4096] - RELU]*2 - FC[1000]",
    "vgg16": "INPUT[224x224x3] - [CONV[64] - RELU]*2 - POOL - [CONV[128] - RELU]*2 - POOL"
    " - [CONV[256] - RELU]*3 - POOL - [[CONV[512] - RELU]*3 - POOL]*2 - [FC[4096] - RELU]*2 - FC[1000]",
}

CASES = {
    # the filter against the input
    "field-is-input": "INPUT[5x5x2] - CONV[3, 5x5, P=0] - RELU - FC[4]",
    "field-beyond-input": "INPUT[3x3x2] - CONV[3, 5x5] - RELU - FC[4]",
    "one-pixel": "INPUT[1x1x5] - CONV[4] - RELU - FC[3]",
    "conv-1x1": "INPUT[6x6x5] - CONV[4, 1x1] - RELU - POOL - FC[3]",
    "conv-1x1-stride": "INPUT[7x7x3] - CONV[4, 1x1, S=2] - RELU - FC[3]",
    "conv-7x7": "INPUT[9x9x2] - CONV[3, 7x7] - RELU - FC[3]",
    "conv-11x11-stride-4": "INPUT[27x27x3] - CONV[5, 11x11, S=4, P=0] - RELU - FC[3]",
    "even-field": "INPUT[8x8x2] - CONV[3, 4x4, S=2, P=1] - RELU - FC[3]",
    "even-field-odd-output": "INPUT[6x6x2] - CONV[3, 2x2, P=0] - RELU - CONV[2, 2x2, P=1] - FC[3]",
    "stride-beyond-field": "INPUT[9x9x2] - CONV[3, 2x2, S=7, P=0] - RELU - FC[3]",
    "stride-3": "INPUT[10x10x2] - CONV[3, S=3, P=1, fit=crop] - RELU - FC[3]",
    "widest-padding": "INPUT[4x4x2] - CONV[3, P=2] - RELU - FC[3]",
    # depths beside the lanes of a vector
    "depth-1": "INPUT[6x6x1] - CONV[1] - RELU - POOL - FC[2]",
    "depth-7": "INPUT[6x6x7] - CONV[7] - RELU - POOL - FC[7]",
    "depth-8": "INPUT[6x6x8] - CONV[8] - RELU - POOL - FC[8]",
    "depth-15": "INPUT[6x6x3] - CONV[15] - RELU - POOL - FC[15]",
    "depth-16": "INPUT[6x6x3] - CONV[16] - RELU - POOL - FC[16]",
    "depth-17": "INPUT[6x6x17] - CONV[17] - RELU - POOL - FC[17]",
    # sides that differ, gaps between weights, groups of slices
    "rectangle": "INPUT[8x7x2] - CONV[3, 3x5, S=1x2] - RELU - CONV[4, 4x1, S=2x1, P=1x0] - RELU - FC[3]",
    "rectangle-1x3": "INPUT[4x6x2] - CONV[5, 1x3] - CONV[4, 3x1, P=2x0] - CONV[2, 1x1, S=1x3, fit=crop] - FC[3]",
    "rectangle-pool": "INPUT[7x7x2] - CONV[3, 1x1] - POOL[3x2, S=2x1] - POOL[1x2, S=1x3, P=0x1] - FC[3]",
    "dilation": "INPUT[7x6x2] - CONV[3, dilation=2] - RELU - CONV[4, 2x2, P=0, dilation=2] - RELU - FC[3]",
    "dilation-stride": "INPUT[9x7x2] - CONV[2, 1x1] - CONV[3, 3x4, S=2x3, P=1x0, dilation=3x2] - FC[3]",
    "groups": "INPUT[6x4x4] - CONV[6, groups=2] - RELU - POOL - CONV[9, S=2x1, groups=3] - RELU - FC[3]",
    "groups-of-16": "INPUT[3x4x4] - CONV[32, groups=2] - CONV[4, 1x2, P=0, groups=4] - RELU - FC[3]",
    "depthwise": "INPUT[6x4x3] - CONV[3, groups=each] - RELU - CONV[3, groups=3] - RELU - POOL - FC[3]",
    "depthwise-stride": "INPUT[7x8x3] - CONV[4, 1x1] - RELU - CONV[4, S=2x3, P=1x2, groups=each] - FC[3]",
    "depthwise-many": "INPUT[4x3x5] - CONV[5, 5x3, groups=each] - CONV[10, 2x1, dilation=2x1, groups=each] - FC[3]",
    # filters that are not shared
    "local": "INPUT[6x4x2] - LOCAL[3] - RELU - POOL - LOCAL[17, 2x2, P=0] - RELU - FC[3]",
    "local-rectangle": "INPUT[7x6x3] - LOCAL[4, 3x2, S=2x1, P=0] - LOCAL[2, 1x3] - RELU - FC[3]",
    "local-stride": "INPUT[7x5x2] - CONV[3, 1x1] - RELU - LOCAL[4, S=2, P=2] - DROPOUT - LOCAL[3, S=3, fit=pad]",
    "local-last": "INPUT[4x3x5] - CONV[4, 1x1] - LOCAL[3, 4x3, P=0]",
    # what does not fit
    "pad-conv": "INPUT[10x10x2] - CONV[3, S=2, P=0, fit=pad] - RELU - FC[3]",
    "crop-conv": "INPUT[10x10x2] - CONV[3, S=2, P=0, fit=crop] - RELU - FC[3]",
    "pad-three": "INPUT[24x24x2] - CONV[3, 11x11, S=4, P=0, fit=pad] - RELU - FC[3]",
    "pad-pool": "INPUT[7x7x3] - CONV[4] - RELU - POOL[2x2, S=2, fit=pad] - FC[3]",
    "crop-pool": "INPUT[7x7x3] - CONV[4] - RELU - POOL[2x2, S=2, fit=crop] - FC[3]",
    "pad-pool-raw": "INPUT[7x7x3] - POOL[2x2, S=2, fit=pad] - FC[3]",
    "pad-small-input": "INPUT[2x3x2] - CONV[3, 5x5, P=0, fit=pad] - RELU - FC[3]",
    # pooling
    "pool-overlap": "INPUT[9x9x3] - CONV[4] - RELU - POOL[3x3, S=2] - FC[3]",
    "pool-3-stride-1": "INPUT[6x6x3] - CONV[4] - RELU - POOL[3x3, S=1, P=1] - FC[3]",
    "pool-stride-beyond": "INPUT[8x8x3] - CONV[4] - RELU - POOL[2x2, S=3] - FC[3]",
    "pool-1x1": "INPUT[5x5x3] - CONV[4] - RELU - POOL[1x1, S=2] - FC[3]",
    "pool-whole": "INPUT[6x6x3] - CONV[4] - RELU - POOL[6x6, S=1] - FC[3]",
    "pool-padded-negative": "INPUT[5x5x3] - CONV[4] - POOL[3x3, S=2, P=1] - FC[3]",
    "pool-no-relu": "INPUT[8x8x3] - CONV[4] - POOL - FC[3]",
    "pool-before-relu": "INPUT[8x8x3] - CONV[4] - POOL - RELU - FC[3]",
    "pool-twice": "INPUT[8x8x3] - CONV[4] - RELU - POOL - POOL - FC[3]",
    # averages and l2 norms of windows, and of whole slices
    "average": "INPUT[6x6x3] - CONV[4] - RELU - POOL[average] - FC[3]",
    "average-overlap": "INPUT[9x7x3] - CONV[4] - RELU - POOL[3x3, S=2, average] - CONV[3] - POOL[3x2, S=1, average]",
    "average-padded": "INPUT[5x5x3] - CONV[4] - [POOL[3x3, S=1, P=1, average]]*2 - RELU - FC[3]",
    "average-crop": "INPUT[9x8x2] - CONV[3] - RELU - POOL[2x2, S=3, fit=crop, average] - DROPOUT - FC[3]",
    "average-whole": "INPUT[5x6x3] - CONV[4] - RELU - POOL[4x4, S=4, fit=crop, average] - FC[3]",
    "average-before-max": "INPUT[8x8x2] - CONV[3] - POOL[3x3, S=1, average] - POOL[3x3, S=2, P=1, fit=pad] - FC[3]",
    "l2": "INPUT[6x6x3] - CONV[4] - RELU - POOL[l2] - DROPOUT[0.4] - FC[3]",
    "l2-overlap": "INPUT[9x7x3] - CONV[4] - POOL[3x3, S=2, l2] - CONV[3] - FC[3]",
    "l2-of-nothing": "INPUT[6x6x2] - CONV[3] - RELU - POOL[3x3, S=1, P=2, l2] - POOL[2x2, S=1, l2] - FC[3]",
    "l2-first": "INPUT[5x5x2] - POOL[2x2, S=1, l2] - FC[4] - POOL[1x1, S=1, l2] - CONV[2] - POOL[1x1, S=1, average]",
    "gap": "INPUT[5x4x3] - CONV[7] - RELU - GAP - DROPOUT - FC[3]",
    "gap-last": "INPUT[4x4x3] - CONV[4] - GAP - FC[3] - GAP",
    # across depth slices
    "lrn": "INPUT[5x4x3] - CONV[7] - RELU - LRN[alpha=2] - FC[3]",
    "lrn-raw": "INPUT[4x3x2] - CONV[9] - LRN[3, alpha=5, beta=0.5, k=2] - RELU - POOL[2x2, S=1] - FC[3]",
    "lrn-even": "INPUT[3x3x2] - CONV[7] - LRN[4, alpha=3, beta=0.6, k=0.5] - DROPOUT - FC[3]",
    "lrn-first": "INPUT[5x2x9] - LRN[64, alpha=9, beta=1] - FC[3] - LRN[2, alpha=1, beta=1.5] - LRN[1, beta=0]",
    # the order of layers
    "relu-first": "INPUT[6x6x3] - RELU - CONV[4] - RELU - FC[3]",
    "relu-twice": "INPUT[6x6x3] - CONV[4] - RELU - RELU - FC[3]",
    "relu-last": "INPUT[6x6x3] - CONV[4] - FC[3] - RELU",
    "conv-conv": "INPUT[6x6x3] - CONV[4] - CONV[5] - FC[3]",
    "conv-after-fc": "INPUT[5x5x2] - FC[6] - RELU - CONV[4] - RELU - FC[3]",
    "conv-last": "INPUT[4x4x3] - CONV[4] - RELU - CONV[3, 4x4, P=0]",
    "volume-last": "INPUT[4x3x3] - CONV[4] - RELU - CONV[2]",
    "pool-last": "INPUT[4x4x3] - CONV[5] - RELU - POOL[4x4, S=1]",
    "fc-only": "INPUT[4x4x3] - FC[5]",
    "fc-fc": "INPUT[4x4x3] - FC[9] - RELU - FC[5]",
    "fc-fc-linear": "INPUT[3x3x2] - FC[7] - FC[17] - FC[2]",
    "fc-1": "INPUT[3x3x2] - FC[1]",
    "no-conv": "INPUT[8x8x1] - POOL - RELU - FC[4]",
    # volumes that are not square
    "wide": "INPUT[12x5x3] - CONV[4] - RELU - FC[3]",
    "high": "INPUT[4x10x3] - CONV[4, 5x5] - RELU - POOL - FC[3]",
    "one-dimension": "INPUT[5x1x1] - CONV[1, S=1, P=1] - RELU - FC[2]",
    "wide-stride": "INPUT[13x7x2] - CONV[3, S=2] - RELU - POOL[3x3, S=2, fit=pad] - FC[3]",
    "uneven-fit": "INPUT[8x7x2] - CONV[3] - RELU - POOL[2x2, S=2, fit=crop] - FC[3]",
    # DROPOUT beside every other layer
    "dropout-first": "INPUT[5x4x3] - DROPOUT[0.2] - CONV[4] - RELU - FC[3]",
    "dropout-first-twice": "INPUT[4x3x2] - [DROPOUT[0.3]]*2 - POOL[2x2, S=1] - DROPOUT - FC[3]",
    "dropout-twice": "INPUT[4x4x2] - FC[9] - RELU - DROPOUT - DROPOUT[0.3] - FC[3]",
    "dropout-last": "INPUT[4x4x3] - CONV[5] - RELU - FC[4] - DROPOUT[0.3]",
    "dropout-relu-last": "INPUT[4x4x3] - CONV[5] - FC[4] - RELU - DROPOUT",
    "dropout-after-fc": "INPUT[4x4x3] - FC[17] - RELU - DROPOUT - FC[9] - DROPOUT[0.25] - FC[3]",
    "dropout-before-relu": "INPUT[5x5x2] - CONV[4] - DROPOUT[0.6] - RELU - FC[3]",
    "dropout-after-lone-relu": "INPUT[4x4x2] - FC[6] - POOL[1x1, S=1] - RELU - DROPOUT - FC[3]",
    "dropout-before-pool": "INPUT[6x6x2] - CONV[3] - RELU - DROPOUT - POOL - FC[3]",
    "dropout-before-pool-raw": "INPUT[6x6x2] - CONV[3] - DROPOUT[0.4] - POOL[3x3, S=1, P=1] - FC[3]",
    "dropout-after-pool": "INPUT[6x6x3] - CONV[4] - RELU - POOL - DROPOUT - CONV[5] - RELU - FC[3]",
    "dropout-after-lone-pool": "INPUT[7x7x2] - CONV[3] - RELU - POOL[3x3, S=2] - DROPOUT - FC[3]",
    "dropout-between-convs": "INPUT[6x5x3] - CONV[4] - RELU - DROPOUT[0.3] - CONV[7, 1x1] - DROPOUT - CONV[3] - FC[2]",
    "dropout-of-nothing": "INPUT[5x5x2] - DROPOUT[0] - CONV[4] - RELU - DROPOUT[0] - FC[3]",
    # skips: ( ... )+
    "skip": "INPUT[6x6x3] - CONV[4] - RELU - ( CONV[4] - RELU - CONV[4] )+ - RELU - FC[3]",
    "skip-projected": "INPUT[7x7x3] - CONV[4] - RELU - ( CONV[5, S=2] - RELU - CONV[5] | CONV[5, 1x1, S=2] )+"
    " - RELU - FC[3]",
    "skip-first": "INPUT[5x5x2] - ( CONV[2] - RELU )+ - FC[3]",
    "skip-relu-last": "INPUT[4x4x2] - FC[5] - ( FC[5] | . )+ - RELU",
    "skip-in-skip": "INPUT[5x5x2] - CONV[3] - ( ( CONV[3] )+ - RELU - CONV[3] | ( CONV[3, 1x1] )+ )+ - FC[3]",
    "skip-of-fc": "INPUT[4x4x3] - FC[17] - RELU - ( FC[9] - RELU - FC[17] )+ - RELU - FC[3]",
    "skip-fc-beside-conv": "INPUT[4x4x3] - FC[8] - RELU - ( FC[8] | CONV[8] )+ - FC[3]",
    "skip-of-skips": "INPUT[5x4x2] - CONV[3] - RELU - ( CONV[3] - BN | CONV[3] - ( CONV[3] - BN )+ )+"
    " - ( CONV[3] - BN )+ - RELU - FC[3]",
    "skip-dropout": "INPUT[5x5x2] - CONV[4] - RELU - ( DROPOUT - CONV[4] - DROPOUT[0.3] )+ - RELU - DROPOUT - FC[3]",
    "skip-dropout-first": "INPUT[5x5x2] - ( DROPOUT[0.2] - CONV[2] | DROPOUT[0.3] )+ - FC[3]",
    # branches: { ... | ... }
    "branches-inception": "INPUT[7x7x3] - { CONV[2, 1x1] - RELU | CONV[2, 1x1] - RELU - CONV[3] - RELU"
    " | CONV[1, 1x1] - RELU - CONV[2, 5x5] - RELU | POOL[3x3, S=1, P=1] - CONV[2, 1x1] - RELU }"
    " - POOL[3x3, S=2] - FC[3]",
    "branches-dense": "INPUT[5x5x2] - CONV[3] - RELU - [{ . | CONV[2] - RELU }]*3 - FC[3]",
    "branches-halving": "INPUT[8x8x3] - { CONV[4, 2x2, S=2, P=0] - RELU | POOL | CONV[3] - RELU - POOL } - RELU"
    " - FC[3]",
    "branches-nested": "INPUT[5x5x2] - { CONV[2] | { CONV[3] - RELU | . } | ( CONV[2] )+ } - CONV[4] - RELU - FC[3]",
    "branches-of-fc": "INPUT[4x4x2] - { FC[5] - RELU | FC[3] } - { . | FC[4] } - FC[3]",
    "branches-last": "INPUT[4x4x2] - CONV[3] - RELU - { FC[2] | FC[3] - RELU }",
    "branches-empty": "INPUT[4x4x2] - CONV[3] - RELU - { . | . } - FC[3]",
    "branches-dropout": "INPUT[5x5x2] - CONV[4] - RELU - { CONV[3] - RELU - DROPOUT | DROPOUT - CONV[2] - RELU }"
    " - DROPOUT - CONV[3] - FC[3]",
    "branches-in-skip": "INPUT[6x6x4] - ( { CONV[2, 1x1] - RELU | CONV[1] - CONV[2] } - RELU - CONV[4, 1x1] )+"
    " - RELU - FC[3]",
    "branches-no-learner": "INPUT[5x5x3] - { POOL[3x3, S=1, P=1] | RELU | CONV[2] - RELU } - ( RELU )+ - FC[3]",
    "branches-depthwise": "INPUT[6x6x4] - CONV[4] - RELU - { CONV[4, groups=each] | CONV[8, groups=2] - RELU"
    " | CONV[4, 5x3, groups=each] - RELU } - FC[3]",
    "skip-bn": "INPUT[7x7x3] - CONV[4] - BN - RELU - ( CONV[5, S=2] - BN - RELU - CONV[5] - BN | CONV[5, 1x1, S=2] - BN"
    " )+ - RELU - ( CONV[5] - BN - RELU - CONV[5] - BN )+ - RELU - GAP - FC[3]",
    "skip-bn-first": "INPUT[5x5x3] - CONV[4] - ( BN - RELU - CONV[4] - BN - LEAKY - CONV[4] )+ - ( BN | . )+"
    " - TANH - FC[3]",
    "branches-bn": "INPUT[6x6x3] - CONV[4] - { BN - RELU | CONV[3, 1x1] - BN - RELU | CONV[2] - BN - TANH"
    " - DROPOUT[0.2] | CONV[2] - BN - RELU - POOL[3x3, S=1, P=1] - SILU } - { . | BN } - POOL - FC[3]",
    "skip-local": "INPUT[5x5x3] - CONV[4] - RELU - ( LOCAL[4] - RELU | LOCAL[4, 1x1] )+ - RELU - FC[3]",
    # BN beside every other layer
    "bn": "INPUT[5x5x3] - CONV[4] - BN - RELU - FC[3]",
    "bn-first": "INPUT[5x4x3] - BN - CONV[4] - RELU - FC[3]",
    "bn-alone": "INPUT[3x2x2] - BN[eps=0.01] - RELU",
    "bn-twice": "INPUT[5x5x2] - CONV[4] - BN - BN[momentum=0.5] - RELU - FC[3]",
    "bn-after-relu": "INPUT[5x5x2] - CONV[17, 1x1] - RELU - BN - CONV[3] - FC[3]",
    "bn-after-fc": "INPUT[4x4x2] - FC[17] - BN - RELU - FC[3]",
    "bn-last": "INPUT[4x4x2] - CONV[3] - RELU - FC[3] - BN",
    "bn-pool": "INPUT[6x6x2] - CONV[3] - BN - RELU - POOL - CONV[5] - POOL[1x1, S=1] - BN - POOL[3x3, S=2] - FC[2]",
    "bn-pool-rides": "INPUT[6x4x2] - CONV[3] - BN - RELU - POOL - CONV[4] - BN - POOL[2x2, S=2, fit=crop] - DROPOUT"
    " - FC[2]",
    "bn-dropout": "INPUT[6x5x2] - DROPOUT[0.2] - BN - CONV[4] - DROPOUT[0.3] - BN - DROPOUT - CONV[3] - BN - RELU"
    " - DROPOUT - FC[3]",
    "bn-groups": "INPUT[6x4x4] - CONV[6, groups=2] - BN - RELU - POOL - CONV[9, 2x1, P=0, groups=3] - BN - FC[3]",
    "bn-depthwise": "INPUT[6x5x3] - CONV[3, groups=each] - BN - RELU - POOL[2x2, S=2, fit=crop] - CONV[6, 1x1] - BN"
    " - RELU - CONV[6, S=2x1, P=1, fit=crop, groups=each] - BN - RELU - FC[3]",
    "bn-dilated": "INPUT[7x5x2] - CONV[4, 3x2, S=1, P=1x0, dilation=2x1] - BN - RELU - FC[3]",
    "bn-local": "INPUT[5x4x2] - LOCAL[3, 3x2, P=0] - BN - RELU - LOCAL[4] - RELU - BN - FC[3]",
    "bn-functions": "INPUT[6x5x2] - CONV[4] - BN - TANH - POOL[2x2, S=2, fit=crop] - DROPOUT[0.2]"
    " - CONV[4, groups=each] - BN - LEAKY[0.3] - CONV[3] - ELU - BN - GELU - FC[4] - BN - SIGMOID - FC[3]",
    "bn-average": "INPUT[6x6x2] - CONV[4] - BN - RELU - POOL[2x2, S=2, average] - LRN[3] - BN - MAXOUT - CONV[4] - BN"
    " - GAP - FC[3]",
    # functions of single numbers, riding on a CONV or FC, on its POOL, and alone
    "functions": "INPUT[5x5x2] - CONV[4] - LEAKY - CONV[3, 1x1] - GELU - FC[6] - ELU[0.5] - FC[5] - SILU - FC[3]",
    "sigmoid-tanh": "INPUT[5x5x2] - CONV[4] - SIGMOID - CONV[17] - TANH - FC[5] - SIGMOID - FC[3] - TANH",
    "tanh-pool": "INPUT[8x8x2] - CONV[4] - TANH - POOL - CONV[5] - POOL - SIGMOID - FC[3]",
    "leaky-pool-dropout": "INPUT[6x6x2] - CONV[3] - LEAKY[0.3] - POOL - DROPOUT - DROPOUT[0.4] - CONV[4] - ELU"
    " - DROPOUT - FC[3]",
    "tanh-alone": "INPUT[4x4x2] - SIGMOID - CONV[3] - DROPOUT - TANH - DROPOUT[0.2] - CONV[2] - POOL[3x3, S=1, P=1]"
    " - ELU - DROPOUT - SILU - FC[3] - GELU",
    "tanh-beside-relu": "INPUT[6x6x2] - CONV[4] - RELU - SIGMOID - CONV[3] - TANH - RELU - CONV[4] - RELU - POOL"
    " - LEAKY[0] - FC[4] - RELU - GELU - FC[3]",
    "maxout": "INPUT[5x4x4] - MAXOUT - CONV[8] - RELU - MAXOUT[4] - RELU - FC[12] - DROPOUT[0.2] - MAXOUT[6] - FC[6]"
    " - TANH - MAXOUT",
    # products of matrices, on the way back too
    "conv-1x1-padded": "INPUT[6x5x3] - CONV[7] - RELU - CONV[5, 1x1, S=3, fit=pad] - RELU - CONV[9, 1x1] - FC[2]",
    "conv-1x1-inside": "INPUT[6x5x3] - CONV[7] - RELU - CONV[5, 1x1] - RELU - CONV[9, 1x1, S=2, P=0, fit=crop] - FC[2]",
}

Parameters = dict[str, npt.NDArray[np.float64]]


def draw(
    network: Network, images: int, seed: int = 0
) -> tuple[Parameters, npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Parameters and state, ``images`` images ``(N, H, W, D)`` and labels ``(N,)`` for a check; biases are not zero."""
    random = np.random.default_rng(seed)
    parameters = {}
    for name, shape in network.parameter_shapes().items():
        inputs = int(np.prod(shape[-3:] if len(shape) == 6 else shape[1:]))
        drawn = name.endswith(".weights") and len(shape) > 1
        parameters[name] = random.standard_normal(shape) * (np.sqrt(2 / inputs) if drawn else 0.1)
        if name.endswith(".weights") and not drawn:
            parameters[name] += 1
    for name, shape in network.state_shapes().items():
        parameters[name] = random.uniform(0.5, 1.5, shape) - name.endswith(".mean")
    pixels = random.standard_normal((images, *network.input.shape))
    return parameters, pixels, random.integers(0, network.classes, images)
