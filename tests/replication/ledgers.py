"""A ledger of one claim, as `snlib.replication.verdicts.ledger` makes it."""

RUN = {
    "events": 4_500,
    "test_events": 450,
    "seeds": [0, 3],
    "steps": {"text": 15_000, "improved": 60},
    "data": "made-up <events>",
    "commit": "abc",
}
ROW = {
    "id": "C1",
    "claim": "Spectra are good.",
    "paper": "“good & <cheap>”",
    "where": "Section 9",
    "chapter": "01_first",
    "known": False,
    "seeds": 2,
    "statement": "Error, in units of another",
    "tolerance": "at most 1",
}
LEDGER = {
    "run": RUN,
    "rows": [
        ROW | {"recipe": "text", "estimate": 1.5, "low": 1.25, "high": 2.0, "verdict": "fails"},
        ROW | {"recipe": "improved", "estimate": 0.5, "low": 0.25, "high": 0.75, "verdict": "holds"},
    ],
}
