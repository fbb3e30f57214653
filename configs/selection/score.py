"""Scores a turn by what came of its operations."""


def score(turn):
    """A number, the higher the better; None for a turn that nothing is to be learned from."""
    operations = turn["operations"]
    if any(one["outcome"] in ("refused", "malformed", "missing") for one in operations):
        return None
    if turn["phase"] == "plan":
        return 0.5 + turn["gain"] if any(one["hits"] for one in operations) else None
    if any(one["led"] for one in operations):
        return 1 + turn["gain"]
    writes = [one for one in operations if one["lines"]]
    if not writes or any(one["duplicate"] for one in writes):
        return None
    reread = sum(one["reread"] > 0 for one in writes) / len(writes)
    consulted = sum(one["consulted"] for one in writes) / len(writes)
    return reread + consulted + turn["gain"]
