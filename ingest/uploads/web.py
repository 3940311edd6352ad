"""Sending a folder through a browser: its pages, the lists of its parts, and tus for their bytes."""

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from archive import holdings
from archive.errors import Conflict
from archive.site.reader.web import needs, reader, say, session, site
from archive.site.site import Site
from ingest.uploads import arriving, corrections, rows, tus
from ingest.uploads.holding import Holding
from ingest.uploads.rows import Upload

SENDS = "send transfers"
SHOWN = 50
PATCH_BYTES = 64 << 20
"""The most that one request may bring."""
TUS_STATUS = {"upload.locked": 423, "upload.length": 413, "upload.offset": 409}

bp = Blueprint("uploads", __name__, template_folder="templates", url_prefix="/desk/uploads")


@bp.url_value_preprocessor
def _let_parts_in(endpoint: str | None, values: dict[str, object] | None) -> None:
    """A part may be larger than a form; this is said before anything looks at the body."""
    if endpoint == "uploads.part" and request.method in ("PATCH", "POST"):
        request.max_content_length = PATCH_BYTES


@bp.get("")
@needs(SENDS)
def all() -> ResponseReturnValue:
    return _list_page({})


@bp.post("")
@needs(SENDS)
def begin() -> ResponseReturnValue:
    own = current_user.user.agency_code
    agency = own or request.form.get("agency", "").strip()
    round_of = request.form.get("round_of", "").strip() or None
    errors = {}
    if not agency:
        errors["agency"] = say("form.need", field=say("desk.agency"))
    elif not holdings.is_agency_code(session(), agency):
        errors["agency"] = say("uploads.agency.wrong")
    elif round_of and not corrections.may_correct(session(), round_of, agency):
        errors["round_of"] = say("uploads.round.wrong")
    if errors:
        return _list_page(errors), 422
    with site().open_session.begin() as db:
        upload = rows.begin(
            db, agency=agency, by=reader().name, without_list="without_list" in request.form,
            round_of=round_of, now=site().now(),
        )  # fmt: skip
        return redirect(url_for("uploads.one", name=upload.name), 303)


def _list_page(errors: dict[str, str]) -> str:
    uploads = rows.shown_to(session(), reader(), SHOWN)
    own = current_user.user.agency_code
    return render_template(
        "uploads.html", uploads=uploads, agencies=sorted(holdings.agencies(session())), own=own,
        errors=errors, form=request.values, choices=corrections.choices(session(), own),
    )  # fmt: skip


@bp.get("/<name>")
@needs(SENDS)
def one(name: str) -> ResponseReturnValue:
    upload = rows.get(session(), name, reader())
    if arriving.was_given_up(session(), upload):
        with site().open_session.begin() as db:
            arriving.settle(db, site(), rows.get(db, name, reader(), to_write=True))
        return redirect(url_for("uploads.one", name=name), 303)
    held = Holding(site(), name)
    failed = held.failed() if upload.state in ("open", "refused") else []
    return render_template(
        "upload.html", it=upload, failed=failed, limits=held.limits,
        not_taken=corrections.not_taken(session(), upload), most=corrections.SHOWN,
        has_transfer=upload.transfer is not None and reader().may("work at the desk"),
    )  # fmt: skip


@bp.get("/<name>.json")
@needs(SENDS)
def facts(name: str) -> ResponseReturnValue:
    """What has arrived, so that only what is missing is sent; and a fresh token for what follows."""
    upload = rows.get(session(), name, reader())
    held = Holding(site(), name)
    return jsonify(
        state=upload.state, parts=list(held.known()), token=generate_csrf(),
        failed=[{"path": each.path, "reason": each.reason} for each in held.failed()],
    )  # fmt: skip


@bp.post("/<name>/parts.json")
@needs(SENDS)
def list_part(name: str) -> ResponseReturnValue:
    """List files as the next part; the answer says where its bytes go, and which may not be kept."""
    told = request.get_json(silent=True)
    listed = told.get("files") if isinstance(told, dict) else None
    with site().open_session.begin() as db:
        upload = _open(db, rows.get(db, name, reader(), to_write=True))
        opened, refused = Holding(site(), name).open_part(listed, upload.files, upload.bytes)
        files = opened.files()
        upload.count(len(files), opened.length())
        upload.touched_at = site().now()
        upload.folder = upload.folder or (files[0].path.split("/")[0] if files else "")
    address = url_for("uploads.part", name=name, number=opened.number)
    return jsonify(
        number=opened.number, length=opened.length(), address=address, token=generate_csrf(),
        failed=[{"path": each.path, "reason": each.reason} for each in refused],
    ), 201  # fmt: skip


def _open(db: Session, upload: Upload) -> Upload:
    arriving.settle(db, site(), upload)
    if upload.state == "refused":
        upload.move("go on", site().now())
    if upload.state != "open":
        raise Conflict(f"The upload is {upload.state}; it takes no more files.", next="Begin another one.")
    return upload


@bp.route("/<name>/parts/<int:number>", methods=[*tus.METHODS])
@needs(SENDS)
def part(name: str, number: int) -> ResponseReturnValue:
    """One part by the tus protocol."""
    headers = {key.lower(): value for key, value in request.headers.items()}
    asked = tus.method(request.method, headers)
    held = Holding(site(), name)
    if asked == "OPTIONS":
        return _answer(tus.options(held.limits.bytes))
    if fault := tus.fault(asked, headers):
        return _answer(fault)
    upload = rows.get(session(), name, reader())
    found = held.part(number)
    if asked == "HEAD":
        return _answer(tus.state(found.offset(), found.length()))
    try:
        if asked == "DELETE":
            _forget(name, number)
            return _answer(tus.terminated())
        if asked == "PATCH":
            _go_on(upload)
            return _answer(tus.written(found.append(tus.offset(headers) or 0, request.stream, PATCH_BYTES)))
    except Conflict as error:
        return _answer(tus.refused(TUS_STATUS.get(error.code, 409)))
    return _answer(tus.refused(405))


def _go_on(seen: Upload) -> None:
    """Let the row tell that somebody goes on, but not with each chunk.  Conflict when it has ended."""
    if not seen.is_fresh(site().now()):
        with site().open_session.begin() as db:
            _open(db, rows.get(db, seen.name, reader(), to_write=True)).touched_at = site().now()


def _forget(name: str, number: int) -> None:
    """Let a part go, so that its files are neither counted nor received."""
    with site().open_session.begin() as db:
        upload = _open(db, rows.get(db, name, reader(), to_write=True))
        held = Holding(site(), name)
        part = held.part(number)
        listed = part.files()
        held.forget(part)
        upload.count(-len(listed), -sum(each.size for each in listed))


def _answer(told: tus.Answer) -> Response:
    return Response(status=told.status, headers=dict(told.headers))


@bp.post("/<name>/finish.json")
@needs(SENDS)
def finish(name: str) -> ResponseReturnValue:
    """Nothing more comes.  ``partly``: whoever sends knows that files failed, and goes on without them."""
    told = request.get_json(silent=True)
    partly = isinstance(told, dict) and told.get("partly") is True
    with site().open_session.begin() as db:
        upload = rows.get(db, name, reader(), to_write=True)
        arriving.finish(db, site(), _open(db, upload), by=reader().name, partly=partly)
    return jsonify(state="finished")


@bp.post("/<name>/what")
@needs(SENDS)
def what(name: str) -> ResponseReturnValue:
    """It looks like an earlier transfer: its sender says what it is, and it is received."""
    another = request.form.get("what") == "another"
    with site().open_session.begin() as db:
        upload = rows.get(db, name, reader(), to_write=True)
        arriving.say_what_it_is(db, site(), upload, by=reader().name, another=another)
    return redirect(url_for("uploads.one", name=name), 303)


@bp.post("/<name>/cancel")
@needs(SENDS)
def cancel(name: str) -> ResponseReturnValue:
    with site().open_session.begin() as db:
        upload = rows.get(db, name, reader(), to_write=True)
        arriving.settle(db, site(), upload).move("cancel", site().now())
    Holding(site(), name).clear()
    return redirect(url_for("uploads.all"), 303)


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp,)
