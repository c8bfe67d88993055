"""Managers who change one section of the settings in the same instant: nobody overwrites what he has not seen."""

from collections.abc import Sequence
from functools import partial

from loadtests.exchange import Reply
from loadtests.load_till import LoadTill
from loadtests.races.outcome import Outcome, Restaurant, at_once

SECTION = "/settings/ui"
RACERS = 8


def change_at_once(restaurant: Restaurant, tills: Sequence[LoadTill], rounds: int) -> Outcome:
    """So many rounds, each once with ``If-Match`` and once without."""
    outcome = Outcome(f"{RACERS} changes of one section at once")
    racers = tills[:RACERS]
    for number in range(rounds):
        base = 1 + number * 2 * RACERS
        _with_if_match(outcome, racers, base, number)
        _without(outcome, racers, base + RACERS, number)
    return outcome


def _with_if_match(outcome: Outcome, racers: Sequence[LoadTill], base: int, number: int) -> None:
    """All know the same version: one change is made, the others are told of it."""
    known = _version(outcome, racers[0])
    replies = _race(outcome, racers, base, {"If-Match": f'"v{known}"'})
    made = [reply for reply in replies if reply.status == 200]
    refused = [reply.body for reply in replies if reply.status == 409]
    outcome.check(len(made) == 1 and len(refused) == len(racers) - 1, f"round {number}: {len(made)} changes were made")
    for reply in made:
        outcome.check(reply.body["version"] == known + 1, f"round {number}: version {reply.body['version']}")
        outcome.check(
            all(problem.get("current") == reply.body for problem in refused),
            f"round {number}: a refusal tells something else than what is in force",
        )
        _check_in_force(outcome, racers, reply, number)


def _without(outcome: Outcome, racers: Sequence[LoadTill], base: int, number: int) -> None:
    """Nobody asks for a version: all changes are made, one after the other."""
    known = _version(outcome, racers[0])
    replies = _race(outcome, racers, base, {})
    versions = sorted(int(reply.body.get("version", 0)) for reply in replies)
    outcome.check(
        versions == list(range(known + 1, known + 1 + len(racers))),
        f"round {number}: versions {versions} after {known}",
    )
    last = max(replies, key=lambda reply: int(reply.body.get("version", 0)))
    _check_in_force(outcome, racers, last, number)


def _race(outcome: Outcome, racers: Sequence[LoadTill], base: int, headers: dict[str, str]) -> list[Reply]:
    acts = [
        partial(till.patch, SECTION, {"lock_after_s": (base + place) % 3600}, **headers)
        for place, till in enumerate(racers)
    ]
    return [outcome.heard(reply) for reply in at_once(acts)]


def _check_in_force(outcome: Outcome, racers: Sequence[LoadTill], last: Reply, number: int) -> None:
    """Every worker tells the last change, whatever it had in its caches."""
    told = at_once([partial(till.read, "/settings") for till in racers])
    outcome.check(
        all(outcome.heard(reply).body.get("ui") == last.body for reply in told),
        f"round {number}: a till was told settings that are no longer in force",
    )


def _version(outcome: Outcome, till: LoadTill) -> int:
    return int(outcome.heard(till.read(SECTION)).body["version"])
