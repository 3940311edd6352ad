"""Runs inside the judge's own environment: prints what eark-validator says about one package, as JSON."""

import importlib
import importlib.resources
import io
import json
import sys
import urllib.request
from pathlib import Path


def from_the_wheel(address: str) -> io.BytesIO:
    """The validator downloads its vocabularies when it is imported; the wheel has them."""
    name = address.rsplit("/", 1)[-1]
    return io.BytesIO(
        (importlib.resources.files("eark_validator.ipxml.resources") / "vocabs" / name).read_bytes()
    )


def main(package: Path) -> None:
    setattr(urllib.request, "urlopen", from_the_wheel)  # noqa: B010 - typed as overloaded
    packages = importlib.import_module("eark_validator.packages")  # needs the line above
    report = packages.PackageValidator(package).validation_report
    messages = list(report.structure.messages)
    if report.metadata is not None:
        messages += [*report.metadata.schema_results.messages, *report.metadata.schematron_results.messages]
    found = [
        {"rule": said.rule_id, "severity": said.severity.value.lower(), "message": said.message}
        for said in messages
    ]
    print(json.dumps({"looked_inside": report.metadata is not None, "findings": found}))


main(Path(sys.argv[1]))
