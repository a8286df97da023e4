from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import striate.commands
import striate.look
import striate.train
import striate.web

MODULES = [
    f"{package.__name__}.{module.name}"
    for package in (striate.train, striate.look, striate.web, striate.commands)
    for module in pkgutil.iter_modules(package.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert not failed
