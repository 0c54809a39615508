"""The gradients of the layers over a run, as they are kept."""

import numpy as np

from explorer.runs.course import MOST_COLUMNS, Course


def test_course_of_any_length_is_bounded():
    course = Course("ab")
    for step in range(1, 5001):
        course.add(np.array([step]), np.array([[1.0, step]]))
    assert MOST_COLUMNS / 2 <= len(course) < MOST_COLUMNS
    assert np.all(np.diff(course.steps) > 0) and course.steps[-1] > 4980
    np.testing.assert_allclose(course.logs[0], 0)
    levels, low, high = course.levels()
    assert levels.shape == (2, len(course)) and low == 0 and 3.6 < high < 3.8
    assert levels.min() == 0 and levels.max() == 254


def test_course_with_zeros_and_what_is_no_number():
    course = Course("abc")
    course.add(np.array([1, 2]), np.array([[1.0, 0.0, np.inf], [10.0, 0.0, np.nan]]))
    levels, low, high = course.levels()
    assert (low, high) == (0.0, 1.0)
    np.testing.assert_array_equal(levels, [[0, 254], [0, 0], [255, 255]])
    assert Course("ab").levels()[0].shape == (2, 0)


def test_course_resumed_replaces_what_was_lost():
    course = Course("a")
    course.add(np.arange(1, 11), np.ones((10, 1)))
    course.add(np.array([6, 7]), np.full((2, 1), 100.0))
    np.testing.assert_array_equal(course.steps, [1, 2, 3, 4, 5, 6, 7])
    np.testing.assert_allclose(course.newest, [100], rtol=1e-5)


def test_a_part_of_the_layers_has_their_rows():
    course = Course("abc")
    course.add(np.array([1, 2]), np.array([[1.0, 10.0, 100.0], [10.0, 1.0, 0.1]]))
    part = course.of(np.array([True, False, True]))
    assert part.layers == ("a", "c") and len(part) == 2
    np.testing.assert_allclose(part.logs, [[0, 1], [2, -1]], atol=1e-6)
