"""The sentences of the catalogues outside a request: for documents that commands write."""

import gettext
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from archive.site import language
from archive.site.language import Language

CATALOGUES = ("archive", "preservation", "ingest", "access")
"""Packages that may bring `translations`; this installation may be without some."""

Say = Callable[..., str]
"""The sentence of a key, with its values: what `say` is to a page."""


def spoken(tongue: Language) -> Say:
    """The sentences of a language."""
    catalogue = _catalogue(tongue)

    def say(key: str, **values: object) -> str:
        return language.fill(catalogue.gettext(key), **values)

    return say


@cache
def _catalogue(tongue: Language) -> gettext.NullTranslations:
    every = gettext.NullTranslations()
    for package in CATALOGUES:
        path = files(package) / "translations" / tongue / "LC_MESSAGES" / "messages.mo"
        if path.is_file():
            with path.open("rb") as stream:
                every.add_fallback(gettext.GNUTranslations(stream))
    return every
