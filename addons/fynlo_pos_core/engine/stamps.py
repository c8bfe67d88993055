"""Who set what last: how two tills that change the same field of an order are reconciled.

An edit that has seen the value it replaces simply follows it. Edits that have not seen each other
are ordered by the time they were made on their tills (and by their ids when that is equal), so
that every order of arrival ends with the same value. The one that loses is reported, never dropped
in silence.
"""

from dataclasses import dataclass

from ..tools.clock import wire


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of a field: by whom, on which device, when, and on top of which version.

    ``seq`` counts the edits of its device, where the till counts them.
    """

    op_id: str
    made_at: str
    base_version: int
    device: str | None
    by: dict
    seq: int | None = None

    def has_seen(self, stamp):
        """Whether it was made on top of the edit that ``stamp`` keeps."""
        return self.base_version >= stamp["version"]

    def follows(self, stamp):
        """Whether it comes after the edit that ``stamp`` keeps; of one device's edits the later made counts.

        Edits of one device that tell no difference in time come in the order of their arrival.
        """
        if stamp is None or self.has_seen(stamp):
            return True
        if stamp["device"] != self.device:
            return (self.made_at, self.op_id) > (stamp["made_at"], stamp["op_id"])
        if self.made_at != stamp["made_at"] or self.seq is None or stamp["seq"] is None:
            return self.made_at >= stamp["made_at"]
        return self.seq >= stamp["seq"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a field's edit; ``conflict`` tells both sides, ``other_device`` is the other one."""

    result: str
    conflict: dict | None = None
    other_device: str | None = None


APPLIED = Verdict("applied")


def judge(stamp, edit, field, shown_now, shown_new):
    """Whether ``edit`` may write ``field`` (now ``shown_now``) over the edit of ``stamp``.

    ``applied`` and ``merged`` mean write it, ``superseded`` means keep what is there.
    """
    if shown_now == shown_new:
        return APPLIED
    if not edit.follows(stamp):
        conflict = _conflict(field, shown_now, shown_new, stamp["by"], stamp["made_at"])
        return Verdict("superseded", conflict, stamp["device"])
    if stamp is None or edit.has_seen(stamp) or stamp["device"] == edit.device:
        return APPLIED
    return Verdict("merged", _conflict(field, shown_new, shown_now, edit.by, edit.made_at), stamp["device"])


def stamp_of(edit, version):
    """What is kept of an edit that was written with ``version``."""
    return {
        "op_id": edit.op_id,
        "made_at": edit.made_at,
        "version": version,
        "device": edit.device,
        "seq": edit.seq,
        "by": edit.by,
    }


def made_at(moment, now):
    """A till's moment as far as it can be believed: never later than the server's ``now``."""
    return wire(min(moment, now) if moment else now)


def _conflict(field, kept, lost, kept_by, kept_at):
    return {"field": field, "kept": kept, "lost": lost, "kept_by": kept_by, "kept_at": kept_at}
