"""Decisions: what runs, in which order, in which bytes. No LLVM here."""
