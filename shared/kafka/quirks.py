"""Private parts of aiokafka that the platform relies on. `tests/contract/shared/test_quirks.py` fails when one changes."""

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

# The fetcher is woken by whatever it waits for; this is only how often it looks without a reason (0.2 s as shipped).
_FETCHER_LOOKS_EVERY_S = 1.0


def set_fetch_wait(consumer: AIOKafkaConsumer, wait_ms: int) -> None:
    """Have the consumer's next fetch wait so long at the broker: aiokafka reads the value for each request."""
    fetcher = consumer._fetcher
    if fetcher is not None:
        fetcher._fetch_max_wait_ms = wait_ms
        fetcher._fetcher_timeout = _FETCHER_LOOKS_EVERY_S


def is_connected(admin: AIOKafkaAdminClient) -> bool:
    """Whether every connection that the client has made is still open: the broker at its other end has not ended."""
    connections = admin._client._conns.values()
    return bool(connections) and all(connection.connected() for connection in connections)
