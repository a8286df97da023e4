"""The notation: text to a Network with errors that point, a Network to text, and the table of its volumes."""

from __future__ import annotations

from striate.notation.named import NAMED
from striate.notation.network import Network, Node
from striate.notation.parse import parse
from striate.notation.table import summary, table_text

__all__ = ["NAMED", "Network", "Node", "parse", "summary", "table_text"]
