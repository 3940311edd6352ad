"""Looks at what arrived: its files, its lists, and which files belong to which row."""
