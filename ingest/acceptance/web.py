"""The inspection desk (검수): looking at volumes and items, samples, counts and rounds."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from archive import holdings
from archive.errors import Refused, WrongCall
from archive.site.reader.web import asked_number, needs, reader, say, session, site
from ingest import overview, transfers
from ingest.acceptance import browsing, comparing, counts, listed, report, sampling, verdicts
from ingest.acceptance.forms import percent, seen_of
from ingest.acceptance.listed import ListedItem
from ingest.overview import Summary
from ingest.transfers import Transfer, TransferVolume, rounds

AT_ONCE = 100
DESK = "work at the desk"

bp = Blueprint("inspection", __name__, template_folder="templates", url_prefix="/desk/transfers/<number>")


@bp.get("/volumes/<int:place>")
@needs(DESK)
def volume(number: str, place: int) -> ResponseReturnValue:
    it = _transfer(number)
    return _judge_page(it, listed.volume_at(session(), it, place - 1), None, {}, {})


@bp.get("/volumes/<int:place>/items/<int:item>")
@needs(DESK)
def item(number: str, place: int, item: int) -> ResponseReturnValue:
    it = _transfer(number)
    of = listed.volume_at(session(), it, place - 1)
    return _judge_page(it, of, listed.item_at(session(), of, item - 1), {}, {})


@bp.post("/volumes/<int:place>")
@needs(DESK)
def judge_volume(number: str, place: int) -> ResponseReturnValue:
    return _judge(number, place, None)


@bp.post("/volumes/<int:place>/items/<int:item>")
@needs(DESK)
def judge_item(number: str, place: int, item: int) -> ResponseReturnValue:
    return _judge(number, place, item)


def _judge(number: str, place: int, item: int | None) -> ResponseReturnValue:
    """Keep a verdict and stay, or go on to what is to be looked at next."""
    seen, errors = seen_of(request.form)
    with site().open_session.begin() as db:
        it = transfers.get(db, number)
        of = listed.volume_at(db, it, place - 1)
        about = of if item is None else listed.item_at(db, of, item - 1)
        if seen is not None:
            verdicts.give(db, it, about, seen, by=reader().name, at=site().now())
    if errors:
        return _judge_page(it, of, about if item else None, request.form, errors), 422  # type: ignore[arg-type]
    if "next" in request.form and (address := _next_of_sample(it)):
        return redirect(address, 303)
    return redirect(_place_of(number, of, about if item else None, done="verdict") + "#done", 303)  # type: ignore[arg-type]


def _judge_page(
    it: Transfer, of: TransferVolume, about: ListedItem | None, form: Any, errors: dict[str, str]
) -> str:
    after, db = asked_number("after"), session()
    whole = about or of
    told = listed.of(db, of)
    return render_template(
        "judge.html", transfer=it, volume=of, item=about, holds=verdicts.current(db, whole),
        past=verdicts.history(db, whole), form=form, errors=errors, after=after, step=AT_ONCE,
        items=[] if about else browsing.items(db, of, after=after, limit=AT_ONCE),
        found=[] if about else browsing.findings(db, of, limit=AT_ONCE),
        pages=about.pages if about else told.pages if told else None,
        has_sample=_next_of_sample(it) is not None,
        is_open=verdicts.is_open(it, of), reference=_in_custody(of, about),
        reasons=verdicts.REASONS, bindings=verdicts.BINDINGS, conditions=verdicts.CONDITIONS,
    )  # fmt: skip


def _in_custody(of: TransferVolume, about: ListedItem | None) -> str | None:
    """What is judged, as it can be looked at: its reference, once it has one."""
    held_as = session().get_one(TransferVolume, of.id).held_as
    return holdings.item_reference(held_as, about.position + 1) if held_as and about else held_as


def _place_of(number: str, of: TransferVolume, about: ListedItem | None, **more: Any) -> str:
    if about is None:
        return url_for("inspection.volume", number=number, place=of.position + 1, **more)
    return url_for("inspection.item", number=number, place=of.position + 1, item=about.position + 1, **more)


def _next_of_sample(it: Transfer) -> str | None:
    """Where the next of the sample is judged; None when there is no sample, or none is left to judge."""
    with site().reading_session() as db:
        plan = sampling.current(db, it)
        left = sampling.next_to_judge(db, plan) if plan else None
        return _place_of(it.number, left.volume, left.item) if left else None


@bp.get("/sample")
@needs(DESK)
def sample(number: str) -> ResponseReturnValue:
    return _sample_page(number, {"unit": "item", "acceptable": "1", "confidence": "95"}, {})


@bp.post("/sample")
@needs(DESK)
def draw(number: str) -> ResponseReturnValue:
    form, errors, shares = request.form, {}, {}
    for name in ("acceptable", "confidence"):
        try:
            shares[name] = percent(form.get(name, ""))
            sampling.size_of(1, shares.get("acceptable", 0), shares.get("confidence", sampling.HALF))  # type: ignore[arg-type]
        except WrongCall:
            errors[name] = say("sample.percent")
    if errors:
        return _sample_page(number, form, errors), 422
    try:
        with site().open_session.begin() as db:
            sampling.draw(
                db, transfers.get(db, number), unit="volume" if form.get("unit") == "volume" else "item",
                seed=form.get("seed", "").strip()[:64], by=reader().name, at=site().now(), **shares,
            )  # fmt: skip
    except Refused as error:
        if error.code != "sampling.begun":
            raise
        return _sample_page(number, form, {"seed": say("sample.begun")}), 422
    return redirect(url_for("inspection.sample", number=number, done="drawn") + "#done", 303)


def _sample_page(number: str, form: Any, errors: dict[str, str]) -> str:
    it, db, after, only = _summary(number), session(), asked_number("after"), "only" in request.args
    plan = sampling.current(db, it.transfer)
    standing = sampling.standing(db, plan) if plan else None
    rows = sampling.lines(db, plan, only_to_look_at=only, after=after, limit=AT_ONCE) if plan else []
    total = (standing.to_look_at if only else standing.plan.size) if standing else 0
    return render_template(
        "sample.html", it=it, tab="sample", standing=standing, rows=rows, after=after, step=AT_ONCE,
        times=sampling.times(db, it.transfer),
        only=only, total=total, next=_next_of_sample(it.transfer), form=form, errors=errors,
        statement=report.statement(standing, say) if standing else "",
        most=sampling.upward(standing.at_most) if standing else "",
        sure=sampling.downward(standing.confidence) if standing else "",
    )  # fmt: skip


@bp.get("/counts")
@needs(DESK)
def count(number: str) -> ResponseReturnValue:
    it, db = _summary(number), session()
    levels = counts.count(db, it.transfer)
    found = {
        each.level: counts.differences(db, it.transfer, each.level, limit=AT_ONCE)
        for each in levels if each.differing
    }  # fmt: skip
    return render_template("counts.html", it=it, tab="counts", levels=levels, found=found, first=AT_ONCE)


@bp.get("/rounds")
@needs(DESK)
def every_round(number: str) -> ResponseReturnValue:
    it, db = _summary(number), session()
    every = [overview.summary(db, each) for each in rounds.chain(db, it.transfer)]
    numbers = [each.transfer.number for each in every]
    before, after = request.args.get("before"), request.args.get("after")
    asked = before in numbers and after in numbers
    found = comparing.compare(db, _transfer(before), _transfer(after)) if asked else None  # type: ignore[arg-type]
    return render_template(
        "rounds.html", it=it, tab="rounds", every=every, before=before or numbers[0],
        after=after or numbers[-1], found=found, changes=comparing.CHANGES, first=AT_ONCE,
    )  # fmt: skip


def _transfer(number: str) -> Transfer:
    return transfers.get(session(), number)


def _summary(number: str) -> Summary:
    return overview.summary(session(), _transfer(number))
