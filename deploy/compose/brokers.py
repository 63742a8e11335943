"""The brokers' `server.properties`: KRaft, every client signs in, and only ACLs allow access."""

from collections.abc import Mapping, Sequence

BROKER = "broker"
ADMIN = "admin"

_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_MIB = 1024 * 1024


def server_properties(node: int, hosts: Sequence[str], passwords: Mapping[str, str]) -> str:
    """The file for one broker. `passwords` by principal, with `broker` and `admin`.

    With three brokers or more, each record has three copies; two must have it before it is acknowledged.
    """
    copies = min(len(hosts), 3)
    users = " ".join(f'user_{name}="{password}"' for name, password in passwords.items())
    broker = f'username="{BROKER}" password="{passwords[BROKER]}"'
    properties = {
        "process.roles": "broker,controller",
        "node.id": node,
        "controller.quorum.voters": ",".join(f"{number}@{host}:9093" for number, host in enumerate(hosts, 1)),
        "listeners": "CLIENTS://:9092,CONTROLLER://:9093",
        "advertised.listeners": f"CLIENTS://{hosts[node - 1]}:9092",
        "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "inter.broker.listener.name": "CLIENTS",
        "controller.listener.names": "CONTROLLER",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.clients.plain.sasl.jaas.config": f"{_LOGIN} {broker} {users};",
        "listener.name.controller.plain.sasl.jaas.config": (f'{_LOGIN} {broker} user_{BROKER}="{passwords[BROKER]}";'),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{BROKER};User:{ADMIN}",
        "allow.everyone.if.no.acl.found": "false",
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": max(1, copies - 1),
        "offsets.topic.replication.factor": copies,
        # One partition saves memory; only four groups store offsets.
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": max(1, copies - 1),
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": max(1, copies - 1),
        # Longer than the retention of any topic that a group reads (views.v1, 7 days).
        "offsets.retention.minutes": 30 * 24 * 60,
        # Members join one after another when a stack starts: Kafka's three seconds of waiting would gain nothing.
        "group.initial.rebalance.delay.ms": 500,
        "log.dirs": "/var/lib/kafka/data",
        "log.segment.bytes": 64 * _MIB,
        "log.cleaner.dedupe.buffer.size": 32 * _MIB,
        "metadata.log.max.record.bytes.between.snapshots": 20 * _MIB,
        "num.network.threads": 2,
        "num.io.threads": 4,
    }
    return "".join(f"{name}={value}\n" for name, value in properties.items())
