"""What is seen of an installation, without what a jumping clock may change."""

import re
from typing import Any

MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d\d:\d\d)")
YEAR = re.compile(r"\b(SG-)?20\d\d(-\d{4,6})")
"""Of a reference or of the number of a transfer."""

OF_A_SOURCE = "/representations/"


def without_times(seen: dict[str, Any]) -> dict[str, Any]:
    """The same with every moment masked; of what a bag says about itself the keys remain."""
    masked: dict[str, Any] = _masked(seen)
    masked["kept"] = {
        store: {_masked(key): digest if OF_A_SOURCE in key else "" for key, digest in objects.items()}
        for store, objects in masked["kept"].items()
    }
    return masked


def _masked(value: Any) -> Any:
    match value:
        case str():
            return YEAR.sub(r"\1YEAR\2", MOMENT.sub("TIME", value))
        case dict():
            return {_masked(key): _masked(each) for key, each in value.items()}
        case list():
            return [_masked(each) for each in value]
        case _:
            return value
