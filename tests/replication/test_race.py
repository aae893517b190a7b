"""Two histories of the same training: how fast each went, and when one had what the other ended with."""

import math

import pandas as pd
import pytest

from snlib.replication.race import race, seconds_to


def history(start, per_step, losses):
    """A history whose steps all take the same time, a row every thousand."""
    steps = [1000 * row for row in range(1, len(losses) + 1)]
    seconds = [start + per_step * step for step in steps]
    return pd.DataFrame({"step": steps, "validation_loss": losses, "seconds": seconds})


def test_time_to_a_loss_is_that_of_the_first_row_no_higher():
    losses = history(0, 0.001, [9.0, 5.0, 7.0, 4.0])
    assert seconds_to(losses, 9.5) == pytest.approx(1)
    assert seconds_to(losses, 5.0) == pytest.approx(2)
    assert seconds_to(losses, 4.5) == pytest.approx(4)


def test_a_loss_never_reached_has_no_time():
    assert math.isnan(seconds_to(history(0, 1, [9.0, 5.0]), 3.0))


def test_a_race_finds_paces_and_starts_that_histories_were_made_from():
    card = history(90, 0.002, [800.0, 700.0, 600.0, 500.0, 550.0])
    core = history(10, 0.06, [750.0, 650.0, 655.0])
    found = race(card, core)
    assert found["steps"] == 5000
    assert found["minutes"] == pytest.approx((90 + 10) / 60)
    assert found["start_s"] == pytest.approx(90)
    assert (found["best_step"], found["best_loss"], found["final_loss"]) == (4000, 500, 550)
    assert found["other_step_ms"] == pytest.approx(60)
    assert found["other_hours"] == pytest.approx((10 + 5000 * 0.06) / 3600)
    assert found["other_minutes"] == pytest.approx(130 / 60)  # its lowest, not its last
    assert found["other_loss"] == 650
    assert found["minutes_to_other_loss"] == pytest.approx((90 + 6) / 60)
