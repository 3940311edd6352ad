"""What checksum lists say of files, however many there are."""

from collections.abc import Iterator, Mapping

from metadata_schemas.transfer_lists.cards import Cards, octets_of, path_of


class Digests(Mapping[str, Mapping[str, str]]):
    """What checksum lists say: path to algorithm to hexadecimal digits."""

    def __init__(self, cards: Cards) -> None:
        self._cards = cards

    def enter(self, path: str, algorithm: str, digest: str) -> str:
        """Enter a digest; the one that stands, which is an earlier one where there was one."""
        self._cards.run(
            "INSERT OR IGNORE INTO list_digests VALUES (NULL, ?, ?, ?)", octets_of(path), algorithm, digest
        )
        standing: str = self._cards.value(
            "SELECT digest FROM list_digests WHERE path = ? AND algorithm = ?", octets_of(path), algorithm
        )
        return standing

    def __getitem__(self, path: str) -> Mapping[str, str]:
        mine = "SELECT algorithm, digest FROM list_digests WHERE path = ? ORDER BY id"
        found = dict(self._cards.run(mine, octets_of(path)).fetchall())
        if not found:
            raise KeyError(path)
        return found

    def __iter__(self) -> Iterator[str]:
        for (path,) in self._cards.run("SELECT path FROM list_digests GROUP BY path ORDER BY min(id)"):
            yield path_of(path)

    def __len__(self) -> int:
        return int(self._cards.value("SELECT count(DISTINCT path) FROM list_digests"))
