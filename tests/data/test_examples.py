from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import striate.data

MODULES = [
    "striate.files",
    *(f"striate.data.{module.name}" for module in pkgutil.iter_modules(striate.data.__path__)),
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert not failed
