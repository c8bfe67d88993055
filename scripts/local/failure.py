"""How a set-up step says what went wrong and what to do about it."""


class SetupFailure(Exception):
    """One clear sentence for a person, and the remedy; never shown with a traceback."""

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.sentence}\n  Remedy: {self.remedy}" if self.remedy else self.sentence
