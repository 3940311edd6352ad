"""Where the files and folders lie that the rows of one metadata.csv name."""

from collections.abc import Iterator

from metadata_schemas.transfer_lists.cards import Cards, octets_of, path_of


class Places:
    """Where the files and folders lie that the rows of one metadata.csv name."""

    def __init__(self, cards: Cards, name: str) -> None:
        self._cards, self._name = cards, name

    def add_folder(self, path: str, base: str, volume: int) -> None:
        self._cards.run(
            "INSERT INTO list_places VALUES (?, ?, ?, ?, NULL)", self._name, path, octets_of(base), volume
        )

    def add_file(self, path: str, found: str | None, item: int) -> None:
        octets = None if found is None else octets_of(found)
        self._cards.run("INSERT INTO list_places VALUES (?, ?, ?, NULL, ?)", self._name, path, octets, item)

    def files(self) -> Iterator[tuple[str, int]]:
        """Files as they are written, each with its item."""
        mine = "SELECT path, item FROM list_places WHERE list = ? AND item IS NOT NULL ORDER BY item"
        yield from self._cards.run(mine, self._name)

    def folders(self) -> Iterator[tuple[str, int]]:
        """Folders as they lie, each with its volume."""
        mine = "SELECT found, volume FROM list_places WHERE list = ? AND volume IS NOT NULL ORDER BY volume"
        for base, volume in self._cards.run(mine, self._name):
            yield path_of(base), volume

    def has_file(self, found: str) -> bool:
        mine = "SELECT 1 FROM list_places WHERE list = ? AND found = ? AND item IS NOT NULL"
        return self._cards.value(mine, self._name, octets_of(found)) is not None

    def written(self, folder: str) -> int | None:
        """The volume of a folder as it is written."""
        return self._volume("path = ?", folder)

    def lying(self, folder: str) -> int | None:
        """The volume of a folder as it lies."""
        return self._volume("found = ?", octets_of(folder + "/"))

    def _volume(self, condition: str, value: object) -> int | None:
        mine = f"SELECT volume FROM list_places WHERE list = ? AND {condition} AND volume IS NOT NULL"
        volume: int | None = self._cards.value(f"{mine} ORDER BY volume", self._name, value)
        return volume
