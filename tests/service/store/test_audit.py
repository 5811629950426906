"""The audit grows and nothing else."""

import pytest
from sqlalchemy import text

from hilum.errors import OutputError
from hilum.service.store.store import Store


@pytest.mark.parametrize("statement", ["DELETE FROM audit", "UPDATE audit SET who = 'nobody'"])
def test_a_line_stays_as_it_is(store: Store, statement: str) -> None:
    store.audit.add("upload", who="a", address="127.0.0.1", job_id="1")
    before = store.audit.rows()
    with pytest.raises(OutputError, match="the audit is only added to"), store.database.write() as connection:
        connection.execute(text(statement))
    assert store.audit.rows() == before
    assert [(row.who, row.action, row.job_id) for row in before] == [("a", "upload", "1")]
