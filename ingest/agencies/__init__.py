"""Agencies at the desk: what was agreed with each, what that judged, and the tokens of their programs."""
