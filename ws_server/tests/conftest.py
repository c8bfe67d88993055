"""Fixtures: a database, a stream prefix and a token issuer of each test's own."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import AsyncIterator, Iterator

import psycopg2  # type: ignore[import-untyped]
import pytest
import pytest_asyncio
import redis

from ws_server.relay.outbox import Outbox
from ws_server.relay.streams import Streams
from ws_server.stream_keys import StreamKeys

from .gateway_host import GatewayHost, StreamWriter, hosted_gateway
from .outbox_tables import DDL, OutboxTables
from .shelf import Shelf
from .signer import JwksServer, Signer


@pytest.fixture(scope="session")
def database_dsn() -> Iterator[str]:
    """A database that exists for this test run only."""
    name = f"fynlo_ws_{uuid.uuid4().hex[:12]}"
    admin = psycopg2.connect("dbname=postgres")
    admin.autocommit = True
    with contextlib.closing(admin), admin.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
        try:
            with contextlib.closing(psycopg2.connect(f"dbname={name}")) as connection, connection:
                connection.cursor().execute(DDL)
            yield f"dbname={name}"
        finally:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def outbox(database_dsn: str) -> Iterator[OutboxTables]:
    """Empty outbox tables."""
    tables = OutboxTables(database_dsn)
    tables.query("TRUNCATE fynlo_outbox, fynlo_topic, fynlo_feed RESTART IDENTITY")
    yield tables
    tables.close()


@pytest.fixture
def prefix() -> str:
    """A stream prefix that nobody else uses."""
    return f"test-{uuid.uuid4().hex[:12]}:"


@pytest.fixture
def shared_redis(prefix: str) -> Iterator[redis.Redis]:
    """The environment's Redis; what the test wrote below its prefix is removed."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    yield client
    for key in client.scan_iter(match=f"{prefix}*"):
        client.delete(key)
    client.close()


@pytest.fixture
def database(outbox: OutboxTables) -> Iterator[Outbox]:
    """The relay's side of the database."""
    side = Outbox(outbox.dsn)
    yield side
    side.close()


@pytest.fixture
def streams(shared_redis: redis.Redis, prefix: str) -> Iterator[Streams]:
    """The relay's side of Redis."""
    side = Streams(os.environ["REDIS_URL"], StreamKeys(prefix), 10_000)
    yield side
    side.close()


@pytest.fixture
def writer(shared_redis: redis.Redis, prefix: str) -> StreamWriter:
    """Writes events into the streams as the relay does."""
    writer = StreamWriter(shared_redis, prefix)
    writer.begin_epoch("epoch-1")
    return writer


@pytest_asyncio.fixture
async def host(writer: StreamWriter, prefix: str, jwks_url: str) -> AsyncIterator[GatewayHost]:
    """A gateway with the settings that it has of itself."""
    async with hosted_gateway(prefix, jwks_url) as running:
        yield running


@pytest.fixture
def shelf(shared_redis: redis.Redis, prefix: str) -> Shelf:
    """The gateways' side of Redis."""
    return Shelf(shared_redis, prefix)


@pytest.fixture
def signer() -> Signer:
    """An issuer of tokens."""
    return Signer()


@pytest.fixture
def jwks_url(signer: Signer) -> Iterator[str]:
    """Where the issuer's public keys are served."""
    server = JwksServer(signer)
    yield server.url
    server.close()
