"""Loaded first in a fork server: its life is tied to the process that started it, and its children's to it.

Left to itself a fork server lives as long as any child of it does, so a killed runner would leave
its children at work.
"""

from archive.work.processes import die_with_parent

die_with_parent()
