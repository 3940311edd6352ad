"""Bags of other makers: reading what they declare, judging their paths, and the rules they are held to."""

from preservation.bags.checks import CHECKS
from preservation.bags.paths import decode, encode, unsafe
from preservation.bags.reading import IncomingBag, is_bag, read

__all__ = ["CHECKS", "IncomingBag", "decode", "encode", "is_bag", "read", "unsafe"]
