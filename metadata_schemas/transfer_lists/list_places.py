"""Where in a transfer lists are looked for: at its top and in ``metadata/``."""

from collections.abc import Container, Iterable
from posixpath import dirname

from metadata_schemas.transfer_lists.checksum_lists import lists_among
from metadata_schemas.transfer_lists.sheets import is_table

PLACES = ("", "metadata")
BASES, BASES_OF_A_BAG = ("", "objects/"), ("", "data/", "data/objects/")


def bases_of(names: Container[str]) -> tuple[str, ...]:
    """Where the transfer begins: its folder, and the payload where the folder is a bag."""
    return BASES_OF_A_BAG if "bagit.txt" in names else BASES


def is_at_a_list_place(name: str, bases: Iterable[str]) -> bool:
    return dirname(name) in {(base + place).rstrip("/") for base in bases for place in PLACES}


def may_be_a_list(name: str) -> bool:
    """Whether what has this name would be read as a list, or as one of checksums, if it were a file."""
    is_a_list = is_table(name) and is_at_a_list_place(name, (*BASES, *BASES_OF_A_BAG))
    return is_a_list or any(lists_among([name]))
