"""The scene that Locust's users find: its tills, given to them one by one."""

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from locust.exception import StopUser

SCENE = "FYNLO_LOAD_SCENE"


class Scene:
    """What ``scenes/restaurant.py`` has put there, read once a process."""

    _facts: dict[str, Any] = {}
    _tills: Iterator[Any] = iter(())

    @classmethod
    def facts(cls) -> dict[str, Any]:
        if not cls._facts:
            cls._facts = dict(json.loads(Path(os.environ[SCENE]).read_text()))
            cls._tills = itertools.chain(cls._facts["tills"])
        return cls._facts

    @classmethod
    def next_till(cls) -> dict[str, Any]:
        """A till that nobody has taken yet; ends the user when there is none."""
        cls.facts()
        till = next(cls._tills, None)
        if till is None:
            raise StopUser
        return dict(till)
