"""One till of a crowd: a bare socket that speaks just enough of the protocol, so that thousands cost little."""

import json
import os
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto

RECEIVE_BYTES = 256 * 1024
EVENT = b'{"topic":'
OFFSET = b'"offset":'
PING, CLOSE = 0x9, 0x8
#: How many different writes are remembered with what is in them: all clients of a topic are sent the same bytes.
REMEMBERED = 4096


class Stage(Enum):
    """How far a client has got."""

    CONNECTING = auto()
    UPGRADING = auto()
    JOINING = auto()
    LIVE = auto()
    REFUSED = auto()
    GONE = auto()


@dataclass
class Arrivals:
    """What the clients of one topic heard: by offset how many, and when the last of them."""

    counts: Counter[int] = field(default_factory=Counter)
    last_at: dict[int, float] = field(default_factory=dict)
    doubled: int = 0
    missed: int = 0
    unrecovered: int = 0
    closed: Counter[str] = field(default_factory=Counter)
    remembered: dict[bytes, tuple[int, int]] = field(default_factory=dict)


class Client:
    """A state machine over a non-blocking socket. ``offset`` and ``epoch`` are where it would resume."""

    __slots__ = (
        "_buffer",
        "arrivals",
        "epoch",
        "offset",
        "reading",
        "retry_after_s",
        "sock",
        "stage",
        "status",
        "token",
        "topic",
    )

    def __init__(self, topic: str, token: str, arrivals: Arrivals) -> None:
        self.topic = topic
        self.token = token
        self.arrivals = arrivals
        self.epoch: str | None = None
        self.offset = 0
        self.reading = True
        self.retry_after_s = 1.0
        self.status = 0
        self.stage = Stage.GONE
        self._buffer = b""

    def connect(self, address: tuple[str, int], source: str) -> None:
        """Begin; the handshake goes out when the socket can be written."""
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_BIND_ADDRESS_NO_PORT, 1)
            self.sock.bind((source, 0))
        self.stage, self.status, self._buffer = Stage.CONNECTING, 0, b""
        self.sock.connect_ex(address)

    def hang_up(self) -> None:
        """Leave without a word."""
        self.sock.close()
        self.stage = Stage.GONE

    def writable(self) -> None:
        """The connection stands: ask for the upgrade."""
        lines = (
            "GET /ws/v1 HTTP/1.1",
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: fynlo.v1",
            f"Authorization: Bearer {self.token}",
        )
        self.stage = Stage.UPGRADING
        self._send("\r\n".join(lines).encode() + b"\r\n\r\n")

    def readable(self) -> None:
        """Take what has come."""
        try:
            chunk = self.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._end("1006")
        elif not (self.stage is Stage.LIVE and not self._buffer and self._heard_before(chunk)):
            self._buffer += chunk
            if self.stage is Stage.UPGRADING:
                self._read_head()
            if self.stage in {Stage.JOINING, Stage.LIVE}:
                self._read_frames()

    # Reading

    def _heard_before(self, chunk: bytes) -> bool:
        """Whether the very same bytes came to another client: then it is known what they hold."""
        known = self.arrivals.remembered.get(chunk)
        if known is None:
            return False
        self._note(*known)
        return True

    def _read_head(self) -> None:
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        self.status = int(head.split(b" ", 2)[1])
        if self.status == 101:
            self.stage, self._buffer = Stage.JOINING, rest
            return
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"retry-after:"):
                self.retry_after_s = float(line.partition(b":")[2])
        self.sock.close()
        self.stage = Stage.REFUSED

    def _read_frames(self) -> None:
        data, at, first, last = self._buffer, 0, 0, 0
        while len(data) - at >= 2:
            size, head = data[at + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(data[at + 2 : at + 10], "big"), 10
            if len(data) - at < head + size:
                break
            payload = data[at + head : at + head + size]
            if payload.startswith(EVENT):
                last = _offset(payload)
                first = first or last
            else:
                self._act_on(data[at] & 0xF, payload)
            at += head + size
        whole = at == len(data)
        self._buffer = data[at:]
        if first:
            if whole and self.stage is Stage.LIVE and len(self.arrivals.remembered) < REMEMBERED:
                self.arrivals.remembered[data] = (first, last)
            self._note(first, last)

    def _note(self, first: int, last: int) -> None:
        """A run of events arrived; a write never holds anything but a run."""
        arrivals, now = self.arrivals, time.time()
        if first != self.offset + 1:
            arrivals.doubled += max(0, self.offset + 1 - first)
            arrivals.missed += max(0, first - self.offset - 1)
        for offset in range(max(first, self.offset + 1), last + 1):
            arrivals.counts[offset] += 1
            arrivals.last_at[offset] = now
        self.offset = max(self.offset, last)

    def _act_on(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self._frame(0xA, payload)
        elif opcode == CLOSE:
            self._end(str(int.from_bytes(payload[:2], "big")))
        else:
            self._answer(json.loads(payload))

    def _answer(self, message: dict[str, object]) -> None:
        match message.get("op"):
            case "welcome":
                since = {} if self.epoch is None else {"epoch": self.epoch, "offset": self.offset}
                self._say({"op": "subscribe", "topic": self.topic, **since})
            case "subscribed":
                self.epoch, self.stage = str(message["epoch"]), Stage.LIVE
                if not message["recovered"]:
                    self.arrivals.unrecovered += 1
                if not message["recovered"] or not self.offset:
                    self.offset = int(str(message["offset"]))
            case "ping":
                self._say({"op": "pong"})

    # Writing

    def _say(self, message: dict[str, object]) -> None:
        self._frame(0x1, json.dumps(message).encode())

    def _frame(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else bytes((0x80 | 126,)) + size.to_bytes(2, "big")
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[place & 3] for place, byte in enumerate(payload))
        self._send(bytes((0x80 | opcode,)) + length + mask + masked)

    def _send(self, data: bytes) -> None:
        try:
            self.sock.send(data)
        except OSError:
            self._end("1006")

    def _end(self, code: str) -> None:
        if self.stage is Stage.LIVE:
            self.arrivals.closed[code] += 1
        self.hang_up()


def _offset(payload: bytes) -> int:
    start = payload.index(OFFSET) + len(OFFSET)
    return int(payload[start : payload.index(b",", start)])
