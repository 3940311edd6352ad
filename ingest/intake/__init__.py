"""Intake by programs: an agency's own system says that a folder is there, and asks what came of it."""
