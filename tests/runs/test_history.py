"""The rows of a run as they are kept for its curves."""

import numpy as np
import pytest

from explorer.runs.history import LOSS, MOST_POINTS, SMOOTH_LOSS, STEP, History


def test_history_of_any_length_is_bounded():
    history = History()
    for first in range(1, 200_001, 1000):
        steps = np.arange(first, first + 1000)
        history.add(steps, steps / 1e5, np.ones(1000))
    assert MOST_POINTS / 2 <= len(history) < MOST_POINTS
    assert np.all(np.diff(history.points[:, STEP]) > 0)
    np.testing.assert_allclose(history.points[:, LOSS], history.points[:, STEP] / 1e5)
    assert history.last_step > 199_900
    for steps, values in (history.thinned(SMOOTH_LOSS, 200), history.peaks(LOSS, 400)):
        assert len(steps) == len(values) <= 402
    assert history.peaks(LOSS, 400)[1].max() == history.points[:, LOSS].max()


def test_history_smooths_and_survives_a_loss_that_is_no_number():
    history = History()
    history.add(np.arange(1, 5), np.array([2.0, np.nan, 1.0, 1.0]), np.zeros(4))
    smooth = history.points[:, SMOOTH_LOSS]
    assert smooth[0] == pytest.approx(2) and smooth[1] == smooth[0] and 1 < smooth[3] < 2


def test_history_resumed_from_a_checkpoint_replaces_what_was_lost():
    history = History()
    history.add(np.arange(1, 101), np.full(100, 2.0), np.zeros(100))
    history.validate(90, 1.0, 0.5)
    history.add(np.arange(81, 86), np.full(5, 1.0), np.zeros(5))
    assert history.last_step == 85 and len(history) == 85 and not history.validations
    assert history.at(80.4)[LOSS] == 2.0 and history.at(84)[LOSS] == 1.0
