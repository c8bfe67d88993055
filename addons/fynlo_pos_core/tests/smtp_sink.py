"""A mail server on loopback that keeps what it is given, or refuses it."""

import email
import email.policy
import socketserver
import threading


class SmtpSink:
    """``with SmtpSink() as sink``: ``sink.mails`` are the messages; with ``refuses`` every recipient is unknown."""

    def __init__(self, refuses=False):
        self.refuses = refuses
        self.mails = []

    def __enter__(self):
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                sink._serve(self)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *failure):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def _serve(self, handler):
        def say(text):
            handler.wfile.write(text.encode() + b"\r\n")

        say("220 sink")
        while line := handler.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                say("354 go on")
                self.mails.append(email.message_from_bytes(self._message(handler), policy=email.policy.default))
            elif verb == b"QUIT":
                say("221 bye")
                return
            say("550 unknown" if verb == b"RCPT" and self.refuses else "250 fine")

    def _message(self, handler):
        lines = []
        while (line := handler.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)
