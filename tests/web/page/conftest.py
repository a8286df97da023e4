"""A server, a browser and a page for the tests of the live page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from page_server import Served, launched, serving, watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with the digits that come along, for all tests of one file."""
    yield from serving(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of one file; they are skipped where there is none."""
    yield from launched()


@pytest.fixture
def complaints() -> list[str]:
    """What the page wrote to the console as an error or a warning, or threw: a test that expects some takes it out."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """An empty page; complaints that nobody took out, and whatever it asks of another host, fail the test."""
    yield from watched(browser, complaints)
