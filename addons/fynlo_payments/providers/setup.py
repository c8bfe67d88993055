"""What a tender needs before a location can take it, told to a manager. Names of settings, never their values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SetupFact:
    """One thing that is there or not. ``hint`` says what to do; it names files and variables and holds no secret."""

    label: str
    ok: bool
    hint: str = ""
