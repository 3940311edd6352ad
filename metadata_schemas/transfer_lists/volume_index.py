"""Finds the volumes of the volume lists that an item row may mean, by each way to name one."""

from dataclasses import dataclass

from metadata_schemas.spelling import plain
from metadata_schemas.transfer_lists.cards import Cards
from metadata_schemas.transfer_lists.rows import VolumeNamed


@dataclass(frozen=True)
class VolumeCard:
    """What is asked of a volume when items are put into it."""

    number: int
    list: str
    row: int
    retention: str | None


class VolumeIndex:
    """Rows of one volume stand together in most lists, so the last answer is kept."""

    def __init__(self, cards: Cards) -> None:
        self._cards = cards
        self._last: tuple[VolumeNamed, list[list[VolumeCard]]] | None = None

    def ways(self, named: VolumeNamed) -> list[list[VolumeCard]]:
        """For each column that names volumes of the list, those that it may mean."""
        if self._last is None or self._last[0] != named:
            self._last = named, [way for way in self._ways(named) if way]
        return self._last[1]

    def meant(self, named: VolumeNamed) -> list[VolumeCard]:
        """Those that every way to name them finds."""
        first, *others = self.ways(named) or [[]]
        return [card for card in first if all(card in way for way in others)]

    def _ways(self, named: VolumeNamed) -> list[list[VolumeCard]]:
        ways: list[list[VolumeCard]] = []
        if named.sender_id:
            ways.append(self._find("id = ?", plain(named.sender_id), most=1))
        if named.folder:
            ways.append(self._find("folder = ?", named.folder, most=1))
        if named.title:
            ways.append(self._titled(named, [card for way in ways for card in way]))
        if not any(ways) and named.classification:
            ways.append(self._find("classification = ?", plain(named.classification)))
        return ways

    def _titled(self, named: VolumeNamed, meant: list[VolumeCard]) -> list[VolumeCard]:
        """Where other columns tell which volume is meant, all others of that title need no look."""
        condition = "title = ? AND (? IS NULL OR coalesce(volume_number, ?) = ?)"
        number = named.volume_number
        values = (plain(named.title), number, number, number)
        for card in meant:
            if found := self._find(f"{condition} AND number = ?", *values, card.number):
                return found
        return self._find(condition, *values, most=1 if meant else -1)

    def _find(self, condition: str, *values: object, most: int = -1) -> list[VolumeCard]:
        question = f"SELECT number, list, row, retention FROM list_volumes WHERE {condition} ORDER BY number"
        return [VolumeCard(*row) for row in self._cards.run(f"{question} LIMIT ?", *values, most)]
