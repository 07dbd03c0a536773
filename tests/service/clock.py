"""A clock for tests."""


class Clock:
    """A clock, in seconds, that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now
