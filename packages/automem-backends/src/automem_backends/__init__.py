"""Where AutoMem agents get their answers: engines behind HTTP, and the embedded rules player."""

__all__: list[str] = []
