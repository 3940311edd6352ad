"""Why a job did not end well, in the words of a reader, and what can be done about it on the screens.

A row keeps the sentences of the error itself: they are English, and its next step is one for a terminal.
Where the catalogue knows the code of the error, its words are told instead.
"""

from dataclasses import dataclass

from archive.site.language import Language
from archive.site.words import Say
from archive.work.jobs import Job


@dataclass(frozen=True)
class Told:
    """``own``: what the error says itself, in English, where ``why`` is not that already."""

    why: str
    next: str
    own: str


def told(say: Say, tongue: Language, job: Job) -> Told:
    """Of a job with a reason."""
    reason = job.reason or ""
    said = _said(say, f"job.why.{job.code}")
    step = _next(say, job, is_known=bool(said))
    own = reason if said or not job.next else f"{reason} {job.next}"
    if tongue == "en":
        return Told(reason, step if said or not job.next else f"{job.next} {step}", "")
    return Told(said or say("job.why.other"), step, own)


def _next(say: Say, job: Job, *, is_known: bool) -> str:
    """What a person at the desk can do; of a job that will be tried again, only to wait."""
    if job.state != "failed":
        return say("job.next.waiting")
    family = (job.code or "").partition(".")[0]
    known = (job.code, family) if is_known else ()
    steps = (_said(say, f"job.next.{each}") for each in known)
    return next(filter(None, steps), say("job.next.other", id=job.id))


def _said(say: Say, key: str) -> str:
    """The words of a key; nothing where it has none."""
    return "" if (said := say(key)) == key else said
