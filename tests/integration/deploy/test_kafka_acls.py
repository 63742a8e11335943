"""ACLs on Apache Kafka with its authorizer: those of `acls.py` are there, every other one goes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.compose.acls import ACCOUNTS
from deploy.compose.kafka_acls import acls_of, provide_acls
from tests.engines import kafka

pytestmark = pytest.mark.long

_AUTHORIZER = """\
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=false
"""


@pytest.fixture
def guarded_kafka(tmp_path: Path) -> Iterator[str]:
    try:
        yield kafka.start(tmp_path / "run", extra=_AUTHORIZER)
    except kafka.KafkaFailed as error:
        pytest.skip(f"no Apache Kafka: {error}")
    finally:
        kafka.wipe(tmp_path / "run")


async def test_rights_that_an_account_had_before_are_removed(guarded_kafka: str) -> None:
    comments = next(account for account in ACCOUNTS if account.name == "comments")
    former = replace(comments, name="former")
    wider = replace(comments, groups=("comments", "search"))
    await provide_acls(guarded_kafka, [former, wider])

    changes = await provide_acls(guarded_kafka)
    again = await provide_acls(guarded_kafka)

    expected = {*acls_of(former), *acls_of(wider)} - set(acls_of(comments))
    assert set(changes.removed) == expected
    assert again == replace(changes, removed=())
    assert again.wanted == sum(len(list(acls_of(account))) for account in ACCOUNTS)
