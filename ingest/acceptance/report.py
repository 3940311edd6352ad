"""The inspection report (검수 보고서) of a transfer: a document for people, and a line a volume for tables.

It tells what the law wants checked at intake (Enforcement Decree art. 44; NAK 7, 7.2) and only what
rows say: what nobody looked at is counted as not looked at.
"""

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive import holdings
from archive.printing import Block, Document, Facts, Heading, Paragraph, Signatures, Table
from archive.site import language
from archive.site.words import Say
from ingest import explaining, overview
from ingest.acceptance import counts, kinds, one_by_one, sampling, verdicts
from ingest.acceptance.asked import Asked
from ingest.acceptance.listed import ListedItem, ListedVolume
from ingest.malware import scans
from ingest.malware.scans import Scan
from ingest.transfers import Transfer, TransferVolume, rounds, volume_rows


def document(session: Session, transfer: Transfer, asked: Asked) -> Document:
    say = asked.say
    parts = (_transfer, _levels, _kinds, _scans, _outcome, one_by_one.found, _people, _paper, _sample,
             one_by_one.unfit, one_by_one.returned, one_by_one.differences, _rounds)  # fmt: skip
    blocks = [block for part in parts for block in part(session, transfer, asked)]
    title = say("report.h1")
    return Document(
        title=title,
        under=f"{say('desk.transfer', no=transfer.number)} · {asked.archive}",
        foot=f"{title} {transfer.number} · {language.moment(asked.now, asked.tongue)}",
        language=asked.tongue,
        made_at=asked.now,
        blocks=[
            *blocks,
            Heading(say("report.signed")),
            signatures(say, ("report.inspector", "report.head")),
        ],
    )


def signatures(say: Say, people: tuple[str, ...]) -> Signatures:
    return Signatures(
        [say(each) for each in people], [say("sign.office"), say("sign.name"), say("sign.seal")]
    )


def _transfer(session: Session, transfer: Transfer, asked: Asked) -> Iterator[Block]:
    say = asked.say
    totals = volume_rows.totals(session, transfer)
    yield Heading(say("report.transfer"))
    yield Facts([
        (say("desk.agency"), named_agency(session, transfer)),
        (say("report.period"), period(session, transfer, asked)),
        (say("desk.received"), language.moment(transfer.received_at, asked.tongue)),
        (say("desk.round"), str(transfer.round)),
        (say("desk.state"), say(f"state.{transfer.state}")),
        (say("desk.files"), f"{totals.files:,} · {language.size(totals.bytes)}"),
    ])  # fmt: skip


def agency_name(session: Session, transfer: Transfer) -> str:
    """An agency whose name is not known goes by its code."""
    agency = holdings.find_agency(session, transfer.agency_code)
    return agency.name if agency else transfer.agency_code


def named_agency(session: Session, transfer: Transfer) -> str:
    """The name and the code behind it."""
    name, code = agency_name(session, transfer), transfer.agency_code
    return name if name == code else f"{name} ({code})"


def period(session: Session, transfer: Transfer, asked: Asked) -> str:
    """The years in which the records were made, as the list tells them."""
    first, last = session.execute(
        select(func.min(ListedVolume.created_from), func.max(ListedVolume.created_to))
        .where(ListedVolume.transfer_id == transfer.id)
    ).one()  # fmt: skip
    years = sorted({day.year for day in (first, last) if day})
    return "–".join(map(str, years)) or asked.say("report.untold")


def _levels(session: Session, transfer: Transfer, asked: Asked) -> Iterator[Block]:
    say = asked.say
    yield Heading(say("desk.counts"))
    yield Table(
        [say(f"counts.{name}") for name in ("level", "listed", "came", "differing", "uncounted")],
        [(say(f"level.{each.level}"), *(f"{n:,}" for n in (each.listed, each.came, each.differing)),
          f"{each.uncounted:,}" if each.level == "page" else "–")
         for each in counts.count(session, transfer)],
        (0.28, 0.18, 0.18, 0.18, 0.18), frozenset({1, 2, 3, 4}),
    )  # fmt: skip


def _kinds(session: Session, transfer: Transfer, asked: Asked) -> Iterator[Block]:
    yield Heading(asked.say("report.kinds"))
    yield kinds_table(session, transfer, asked, ("waiting", "accepted", "stored", "returned"))


def kinds_table(session: Session, transfer: Transfer, asked: Asked, states: tuple[str, ...]) -> Table:
    say = asked.say
    found = kinds.counts(session, transfer, states)
    rows = [(say(f"kind.{kind}"), *(f"{n:,}" for n in numbers)) for kind, numbers in found.items()]
    total = (say("report.total"), *(f"{sum(column):,}" for column in zip(*found.values(), strict=True)))
    head = [say("report.kind"), say("level.volume"), say("level.item"), say("level.file")]
    return Table(head, [*rows, total], (0.4, 0.2, 0.2, 0.2), frozenset({1, 2, 3}))


def _scans(session: Session, transfer: Transfer, asked: Asked) -> Iterator[Block]:
    """Each scan for malware with its scanner, and the quarantine; that there was none is said."""
    say, every = asked.say, scans.scans_of(session, transfer)
    held = scans.quarantine_of(session, transfer)
    yield Heading(say("act.scanned-only"))
    if not every:
        yield Paragraph(say("desk.unscanned"))
    rows = [(say(f"act.scanned-{each.kind}"), scanned(each, asked)) for each in every]
    if held:
        days = "–".join(language.moment(at, asked.tongue) for at in (held.began_at, held.until))
        rows.insert(1, (say("act.quarantined"), days))
    yield from [Facts(rows)] if rows else []


def scanned(scan: Scan, asked: Asked) -> str:
    said = asked.say("desk.scanned", n=f"{scan.files:,}", found=f"{scan.found:,}", part=f"{scan.not_whole:,}")
    when = language.moment(scan.at, asked.tongue) if scan.at else "–"
    return f"{when} · {scan.signatures}\n{said}"


def _outcome(session: Session, transfer: Transfer, asked: Asked) -> Iterator[Block]:
    say, it = asked.say, overview.summary(session, transfer)
    yield Heading(say("report.outcome"))
    yield Facts([
        (say("desk.accepted"), f"{it.brought:,}"),
        (say("desk.returned"), f"{it.returned:,}"),
        (say("desk.ready"), f"{it.acceptable:,}"), (say("desk.faulty"), f"{it.faulty:,}"),
        *([(say("desk.already"), f"{it.held_already:,}")] if it.held_already else []),
        *([(say("desk.later"), f"{it.taken_later:,}")] if it.taken_later else []),
    ])  # fmt: skip
    rules = overview.rules(session, transfer)
    yield Heading(say("report.rules"))
    if not rules:
        yield Paragraph(say("desk.findings.none"))
        return
    yield Table(
        [say("desk.rule"), say("desk.sev"), say("report.count"), say("desk.todo")],
        [(f"{explaining.name(say, each.name)}\n{each.name}", say(f"desk.sev.{each.severity}"),
          f"{each.count:,}", explaining.todo(say, each.name)) for each in rules],
        (0.34, 0.1, 0.1, 0.46), frozenset({2}),
    )  # fmt: skip


def _people(session: Session, transfer: Transfer, asked: Asked) -> Iterator[Block]:
    """How many a person looked at; the rest is not looked at."""
    say, told = asked.say, verdicts.tally(session, transfer)
    items = select(func.count()).where(ListedItem.transfer_id == transfer.id)
    volumes = select(func.count()).where(TransferVolume.transfer_id == transfer.id)
    lots = {"volume": session.scalar(volumes) or 0, "item": session.scalar(items) or 0}
    yield Heading(say("report.people"))
    yield Table(
        [say("counts.level"), say("verdict.fit"), say("verdict.unfit"), say("verdict.not_looked_at")],
        [(say(f"level.{unit}"), f"{told[unit]['fit']:,}", f"{told[unit]['unfit']:,}",
          f"{lot - told[unit]['fit'] - told[unit]['unfit']:,}") for unit, lot in lots.items()],
        (0.4, 0.2, 0.2, 0.2), frozenset({1, 2, 3}),
    )  # fmt: skip


def _paper(session: Session, transfer: Transfer, asked: Asked) -> Iterator[Block]:
    """How paper volumes were found: binding and grade as people gave them, and how many of each."""
    say = asked.say
    for kind, found in verdicts.of_paper(session, transfer).items():
        if found:
            yield Heading(say(f"column.{kind}"))
            yield Facts([(say(f"{kind}.{name}"), f"{count:,}") for name, count in found.items()])


def _sample(session: Session, transfer: Transfer, asked: Asked) -> Iterator[Block]:
    yield Heading(asked.say("desk.sample"))
    plan = sampling.current(session, transfer)
    if plan is None:
        yield Paragraph(asked.say("sample.none"))
        return
    yield Paragraph(statement(sampling.standing(session, plan), asked.say))
    yield Paragraph(asked.say("sample.how", seed=plan.seed, size=f"{plan.size:,}", lot=f"{plan.lot:,}"))
    if (times := sampling.times(session, transfer)) > 1:
        yield Paragraph(asked.say("sample.times", n=f"{times:,}"))


def statement(standing: sampling.Standing, say: Say) -> str:
    """What the sample proves, in one sentence that is true."""
    plan = standing.plan
    return say(
        "sample.statement", seen=f"{standing.looked_at:,}", lot=f"{plan.lot:,}", unfit=f"{standing.unfit:,}",
        unit=say(f"level.{plan.unit}"), sure=f"{plan.confidence / 10_000:g}",
        most=sampling.upward(standing.at_most),
    )  # fmt: skip


def _rounds(session: Session, transfer: Transfer, asked: Asked) -> Iterator[Block]:
    say, every = asked.say, rounds.chain(session, transfer)
    if len(every) == 1:
        return
    yield Heading(say("desk.rounds"))
    head = ("desk.round", "desk.number", "desk.received", "desk.state", "desk.accepted", "desk.returned",
            "desk.errors")  # fmt: skip
    told = [(each, overview.summary(session, each)) for each in every]
    yield Table(
        [say(key) for key in head],
        [(str(each.round), each.number, language.day(each.received_at, asked.tongue),
          say(f"state.{each.state}"), f"{it.brought:,}", f"{it.returned:,}",
          f"{it.by_severity['error']:,}") for each, it in told],
        (0.08, 0.2, 0.2, 0.22, 0.1, 0.1, 0.1), frozenset({4, 5, 6}),
    )  # fmt: skip
