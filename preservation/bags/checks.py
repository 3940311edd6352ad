"""The rules a foreign bag is held to, one function a rule; ``CHECKS`` is the list of them."""

from unicodedata import normalize

from preservation.bags.reading import IncomingBag


def there_is_a_manifest(bag: IncomingBag) -> None:
    if not bag.manifests:
        bag.note("manifest", "error", "The bag has no payload manifest that can be checked.")
    elif bag.manifests.keys() <= {"md5", "sha1"}:
        used = ", ".join(bag.manifests)
        bag.note(
            "weak_digest", "note", f"The bag is only protected by {used}.", value=used, expected="sha256"
        )
    if not (bag.folder / "data").is_dir():
        bag.note("payload", "error", "The bag has no folder data.")


def nothing_is_missing(bag: IncomingBag) -> None:
    for manifests, present in ((bag.manifests, bag.payload), (bag.tag_manifests, bag.payload | bag.tags)):
        for path in sorted({path for listed in manifests.values() for path in listed} - present.keys()):
            fetched = path in bag.fetch
            reason = "has to be fetched, which is never done here" if fetched else "is not in the bag"
            bag.note("missing", "error", f"{path} is listed and {reason}.", path=path)
    for path in bag.fetch:
        if path in bag.payload:
            bag.note("fetch", "note", f"{path} is in fetch.txt, and the bag already holds it.", path=path)


def nothing_is_extra(bag: IncomingBag) -> None:
    # Before 1.0 one manifest may list what another leaves out.
    listings = list(bag.manifests.items()) if bag.version >= (1, 0) else [("any", bag.listed())]
    for algorithm, listed in listings if bag.manifests else []:
        for path in sorted(bag.payload.keys() - listed.keys()):
            sentence = f"{path} is in the bag and not in its manifest ({algorithm})."
            bag.note("extra", "error", sentence, path=path, expected=algorithm)


def the_oxum_agrees(bag: IncomingBag) -> None:
    found = f"{sum(bag.payload.values())}.{len(bag.payload)}"
    for label, value in bag.info:
        if label.lower() == "payload-oxum" and value != found:
            sentence = f"Payload-Oxum says {value}, the bag holds {found}."
            bag.note("oxum", "error", sentence, path="bag-info.txt", value=found, expected=value)


def no_two_names_collide(bag: IncomingBag) -> None:
    """Two names that are one on some systems: an error when only Unicode form parts them, else a warning."""
    paths = bag.payload.keys() | bag.listed().keys()
    composed: dict[str, str] = {}
    folded: dict[str, str] = {}
    for path in sorted(paths):
        same = composed.setdefault(normalize("NFC", path), path)
        alike = folded.setdefault(normalize("NFC", path).casefold(), path)
        if same != path:
            sentence = f"{path} and another name differ only in Unicode form."
            bag.note("name_collision", "error", sentence, path=path, value=same)
        elif alike != path:
            sentence = f"{path} and {alike} differ only in case."
            bag.note("name_collision", "warning", sentence, path=path, value=alike)


CHECKS = (
    there_is_a_manifest,
    nothing_is_missing,
    nothing_is_extra,
    the_oxum_agrees,
    no_two_names_collide,
)
