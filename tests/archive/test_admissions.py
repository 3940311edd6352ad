"""A store is refused for what it does at its first use; one that is known is away."""

import pytest

from archive import admissions
from archive.admissions import Admission
from archive.errors import Denied, Refused
from archive.site.site import Site
from archive.stores import open_store
from tests.archive import vault


@pytest.mark.parametrize(("is_known", "error"), [(True, Denied), (False, Refused)])
def test_only_a_new_store_that_lets_nobody_in_is_refused(
    site: Site, is_known: bool, error: type[Exception]
) -> None:
    if is_known:
        with site.open_session.begin() as session:
            session.add(Admission(store="c", location="s3://old", capabilities=[], admitted_at=site.now()))
    with vault.opened() as server:
        server.revoked_from = ""
        store = open_store("c", server.url, ("key", "secret"))
        with pytest.raises(error) as raised:
            admissions.admit_new(site.open_session, [store], site.now())
    assert type(raised.value) is error
