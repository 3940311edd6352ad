"""Errors as pages: what happened, the fact, the next step."""
