"""Judges what arrived: every rule, over names, lists and the bytes of files."""
