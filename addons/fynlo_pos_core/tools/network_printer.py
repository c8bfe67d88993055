"""A printer on the network: hands it bytes, and tells whether it printed, refused, or nobody knows."""

import socket
from dataclasses import dataclass

CONNECT_TIMEOUT_S = 3.0
#: A long ticket on a slow printer, and a cook who has to change the roll meanwhile.
ANSWER_TIMEOUT_S = 10.0

#: Real-time request for the cause of being offline, and the bits of the answer (Epson ESC/POS, DLE EOT n=2).
OFFLINE_CAUSE = b"\x10\x04\x02"
COVER_OPEN, PAPER_END, FAULT = 0x04, 0x20, 0x40
#: Asks for the paper status in the order of printing: the answer comes once everything before it was printed.
PRINTED = b"\x1dr\x01"


class PrinterRefused(Exception):
    """Nothing was printed; trying again is safe."""


class PrintUnknown(Exception):
    """The ticket was handed over, and whether it came out is unknown; trying again may print it twice."""


@dataclass(frozen=True, slots=True)
class NetworkPrinter:
    """One printer. With ``confirms`` it is asked before and after printing."""

    host: str
    port: int
    confirms: bool = True
    answer_timeout_s: float = ANSWER_TIMEOUT_S

    def deliver(self, data: bytes) -> None:
        """Print ``data``. Raises :class:`PrinterRefused` or :class:`PrintUnknown`."""
        try:
            connection = socket.create_connection((self.host, self.port), timeout=CONNECT_TIMEOUT_S)
        except OSError as failure:
            raise PrinterRefused(f"no connection: {failure}") from failure
        with connection:
            connection.settimeout(self.answer_timeout_s)
            if self.confirms:
                self._check_ready(connection)
            self._hand_over(connection, data)

    def _check_ready(self, connection: socket.socket) -> None:
        """Ask whether it can print before anything is sent."""
        try:
            connection.sendall(OFFLINE_CAUSE)
            answer = connection.recv(1)
        except OSError as failure:
            raise PrinterRefused(f"no answer: {failure}") from failure
        if not answer:
            raise PrinterRefused("it hung up")
        causes = {COVER_OPEN: "the cover is open", PAPER_END: "the paper has run out", FAULT: "it reports a fault"}
        stopped = [text for bit, text in causes.items() if answer[0] & bit]
        if stopped:
            raise PrinterRefused(", ".join(stopped))

    def _hand_over(self, connection: socket.socket, data: bytes) -> None:
        """From the first byte on, whatever goes wrong leaves it unknown what is on paper."""
        try:
            connection.sendall(data + PRINTED if self.confirms else data)
            if not self.confirms:
                return
            answer = connection.recv(1)
        except OSError as failure:
            raise PrintUnknown(f"lost while printing: {failure}") from failure
        if not answer:
            raise PrintUnknown("it hung up while printing")
