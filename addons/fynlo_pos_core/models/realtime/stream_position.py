"""How far a Redis stream was read, kept in the transaction of what was read."""

from odoo import api, fields, models

CONNECTIONS = "connections"


class FynloStreamPosition(models.Model):
    """One row a stream. Whoever holds the row reads the stream; there is no other lock."""

    _name = "fynlo.stream.position"
    _description = "Position in a stream"
    _log_access = False
    _rec_name = "stream"

    stream = fields.Char(required=True, readonly=True)
    position = fields.Char(required=True, readonly=True, default="0-0", help="The id of the last entry that was read.")

    _stream_unique = models.UniqueIndex("(stream)")

    def init(self):
        """The row is there before anybody reads, so that a missing one always means that another process has it."""
        self.env.cr.execute(
            "INSERT INTO fynlo_stream_position (stream, position) VALUES (%s, '0-0') ON CONFLICT DO NOTHING",
            (CONNECTIONS,),
        )

    @api.model
    def _take(self, stream):
        """The position as ``(milliseconds, number)``, held to the end of the transaction; None while another has it."""
        cr = self.env.cr
        cr.execute("SELECT position FROM fynlo_stream_position WHERE stream = %s FOR UPDATE SKIP LOCKED", (stream,))
        row = cr.fetchone()
        return row and entry_place(row[0])

    @api.model
    def _keep(self, stream, place):
        """Everything up to ``place`` was read, if this transaction commits."""
        self.env.cr.execute(
            "UPDATE fynlo_stream_position SET position = %s WHERE stream = %s", ("{}-{}".format(*place), stream)
        )


def entry_place(entry_id):
    """``b"1700000000000-3"`` as two numbers, which compare as Redis compares."""
    text = entry_id.decode() if isinstance(entry_id, bytes) else entry_id
    moment, _, number = text.partition("-")
    return int(moment), int(number)
