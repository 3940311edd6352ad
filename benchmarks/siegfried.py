"""Siegfried alone: in a module of its own, because its processes import what they are to do by its name."""

import multiprocessing
from pathlib import Path

import pygfried

from benchmarks import floor


def scan_all(paths: list[Path]) -> None:
    fresh = multiprocessing.get_context("spawn")
    shares = [paths[number :: floor.PROCESSES] for number in range(floor.PROCESSES)]
    working = [fresh.Process(target=scan, args=(each,)) for each in shares]
    for each in working:
        each.start()
    for each in working:
        each.join()


def scan(paths: list[Path]) -> None:
    scanner = pygfried.Scanner()
    for path in paths:
        scanner.identify(str(path), detailed=True)
