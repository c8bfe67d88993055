"""An ESC/POS printer on loopback that can be offline, out of paper, mute, or lost in the middle of a ticket."""

import socket
import socketserver
import threading

from ..tools.network_printer import OFFLINE_CAUSE, PRINTED

READY, PAPER_OUT = b"\x12", b"\x32"


class FakePrinter:
    """``with FakePrinter("ready", "lost") as printer``: one mood for each connection, the last one for all after.

    ``tickets`` is what came out on paper, as text.
    """

    def __init__(self, *moods):
        self.moods = list(moods) or ["ready"]
        self.tickets = []
        self.connections = 0

    def __enter__(self):
        printer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                printer._serve(self.request)

        self.server = socketserver.TCPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *failure):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def _serve(self, connection):
        mood = self.moods[min(self.connections, len(self.moods) - 1)]
        self.connections += 1
        connection.settimeout(2)
        data = connection.recv(len(OFFLINE_CAUSE), socket.MSG_WAITALL)
        if data == OFFLINE_CAUSE:
            if mood == "hangs up":
                return
            connection.sendall(PAPER_OUT if mood == "paper out" else READY)
            data = b""
        while chunk := connection.recv(64):
            data += chunk
            if mood == "lost":
                return
            if data.endswith(PRINTED):
                break
        if data:
            self.tickets.append(data.removesuffix(PRINTED).decode("cp437"))
        if data.endswith(PRINTED) and mood != "mute":
            connection.sendall(b"\0")
