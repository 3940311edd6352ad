"""Letting a file pass that the scanner holds back: asked for with a reason, decided in a second step."""
