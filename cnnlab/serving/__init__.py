"""Answers for other programs: a Python interface, and the same over HTTP."""
