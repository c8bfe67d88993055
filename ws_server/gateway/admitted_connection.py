"""The socket of a client as the library keeps it, with its place among all and the lane of its frames."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import Server, ServerConnection
from websockets.protocol import State
from websockets.server import ServerProtocol

from .admission import Admission, Place
from .fan_out import NO_LANE
from .identity import Identity

__all__ = ["AdmittedConnection"]


class AdmittedConnection(ServerConnection):
    """A socket that has a place from its first moment, and gives it back however it ends."""

    def __init__(self, protocol: ServerProtocol, server: Server, *, admission: Admission, **options: Any) -> None:
        super().__init__(protocol, server, **options)
        self._admission = admission
        self.place: Place | None = None
        self.identity: Identity | None = None
        self.lane = NO_LANE
        self.lane_changed: Callable[[], None] | None = None
        self.bytes_wait: Callable[[], object] | None = None
        self._descriptor = NO_LANE

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is there; one socket too many is hung up on before it has said a word."""
        super().connection_made(transport)
        if transport.get_extra_info("ssl_object") is None:
            self._descriptor = transport.get_extra_info("socket").fileno()
        peer = self.remote_address
        self.place = self._admission.open(peer[0] if peer else "")
        if self.place is None:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone, and its descriptor is about to be closed."""
        self._descriptor = NO_LANE
        super().connection_lost(exc)
        self._choose_lane()
        if self.place is not None:
            self.place.leave()

    @property
    def address(self) -> str:
        """The client's address, as far as it is known."""
        return self.place.address if self.place is not None else ""

    def signed_in(self) -> None:
        """The client has shown who it is."""
        if self.place is not None:
            self.place.sign_in()

    # When bytes may go straight to the kernel

    def send_data(self) -> None:
        """The library wrote something: perhaps the last thing before the connection closes.

        Or answers that a client asks for and does not read: those count like frames of ours.
        """
        super().send_data()
        self._choose_lane()
        if self.paused and self.bytes_wait is not None:
            self.bytes_wait()

    def pause_writing(self) -> None:
        """Bytes wait in the transport (the limit is zero): others must queue behind them."""
        super().pause_writing()
        self._choose_lane()

    def resume_writing(self) -> None:
        """No byte waits any more."""
        super().resume_writing()
        self._choose_lane()

    def _choose_lane(self) -> None:
        lane = self._descriptor if self.protocol.state is State.OPEN and not self.paused else NO_LANE
        if lane != self.lane:
            self.lane = lane
            if self.lane_changed is not None:
                self.lane_changed()
