"""Which stores are cold, and the terms of getting something out; `archive.site.settings` reads them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT = "hours=48 days=7 tier=Bulk gigabyte=0 thousand=0"
TIERS = ("Bulk", "Standard", "Expedited")


@dataclass(frozen=True)
class ColdSettings:
    """``stores`` are never read without being asked first, and then for some ``days``.

    ``hours``: how long bringing takes; ``gigabyte`` and ``thousand``: the price of 1,000,000,000 bytes
    and of 1,000 objects, in the currency of the contract; 0: not known.
    """

    stores: frozenset[str]
    hours: int
    days: int
    tier: str
    gigabyte: float
    thousand: float

    def cost(self, *, files: int, octets: int) -> float | None:
        """What bringing costs, as far as the settings know; None where they know no price."""
        if not self.gigabyte and not self.thousand:
            return None
        return round(octets / 1e9 * self.gigabyte + files / 1000 * self.thousand, 2)


def read(values: Mapping[str, str], stores: Mapping[str, str], faults: list[str]) -> ColdSettings:
    cold = frozenset(values["SEOGO_COLD_STORES"].split())
    if unknown := sorted(cold - stores.keys()):
        faults.append(f"SEOGO_COLD_STORES names {', '.join(unknown)}, which SEOGO_STORES does not.")
    elif cold and len(stores.keys() - cold) < 2:
        faults.append("SEOGO_COLD_STORES leaves fewer than two stores that can be read at any time.")
    told = _terms(DEFAULT) | _terms(values["SEOGO_COLD_TERMS"])
    for part in values["SEOGO_COLD_TERMS"].split():
        if not _is_term(part):
            faults.append(
                f"SEOGO_COLD_TERMS: {part!r} is none of hours=1…720, days=1…365, tier={'|'.join(TIERS)}, "
                "gigabyte=PRICE, thousand=PRICE."
            )
    try:
        hours, days = int(told["hours"]), int(told["days"])
        prices = float(told["gigabyte"]), float(told["thousand"])
    except ValueError:
        hours, days, prices = 0, 0, (0.0, 0.0)
    return ColdSettings(cold, hours, days, told["tier"], *prices)


def _terms(text: str) -> dict[str, str]:
    return {name: value for name, _, value in (part.partition("=") for part in text.split())}


def _is_term(part: str) -> bool:
    name, _, value = part.partition("=")
    most = {"hours": 720, "days": 365}.get(name)
    if most is not None:
        return bool(re.fullmatch(r"\d{1,3}", value)) and 0 < int(value) <= most
    if name == "tier":
        return value in TIERS
    return name in ("gigabyte", "thousand") and bool(re.fullmatch(r"\d{1,9}(\.\d{1,4})?", value))
