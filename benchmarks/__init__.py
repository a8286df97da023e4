"""Striate measured beside its peers; `python -m benchmarks` lists what there is."""
