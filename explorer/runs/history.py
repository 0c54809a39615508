"""The losses and accuracies of a run, step by step, in bounded memory."""

import numpy as np

STEP, LOSS, ACCURACY, SMOOTH_LOSS, SMOOTH_ACCURACY = range(5)
MOST_POINTS = 32_768
SMOOTHING = 0.95


class History:
    """The rows and validations of one run.

    points: (n, 5) float64 of step, loss, accuracy (0 to 1), and both smoothed. Beyond MOST_POINTS
    two neighbours become their mean, so that a run of any length fits. validations: step, loss,
    accuracy.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.epochs = 0
        self.steps = 0
        self.validations: list[tuple[float, float, float]] = []
        self._store = np.empty((MOST_POINTS, 5))
        self._count = 0
        self._stride = 1
        self._waiting = np.empty((0, 5))
        self._mean = np.zeros(2)
        self._weight = 0.0

    def __len__(self) -> int:
        return self._count

    @property
    def points(self) -> np.ndarray:
        return self._store[: self._count]

    @property
    def last_step(self) -> float:
        return self._store[self._count - 1, STEP] if self._count else -1.0

    def add(self, steps: np.ndarray, losses: np.ndarray, accuracies: np.ndarray) -> None:
        """Appends rows, each array (n,); they replace all from the first of these steps on."""
        if not len(steps):
            return
        if steps[0] <= self.last_step:
            self._forget_from(steps[0])
        rows = np.column_stack([steps, losses, accuracies, losses, accuracies])
        for row in rows:
            if np.isfinite(row[LOSS]):
                self._weight = SMOOTHING * self._weight + (1 - SMOOTHING)
                self._mean += (1 - SMOOTHING) * (row[LOSS : ACCURACY + 1] - self._mean)
            if self._weight:
                row[SMOOTH_LOSS:] = self._mean / self._weight
        self._append(rows)

    def validate(self, step: float, loss: float, accuracy: float) -> None:
        """Records loss and accuracy on the validation pictures after `step`."""
        self.validations = [each for each in self.validations if each[0] < step]
        self.validations.append((step, loss, accuracy))

    def at(self, step: float) -> np.ndarray | None:
        """The point (5,) nearest to `step`; None before the first row."""
        if not self._count:
            return None
        steps = self.points[:, STEP]
        right = min(int(np.searchsorted(steps, step)), self._count - 1)
        left = max(right - 1, 0)
        nearest = left if abs(steps[left] - step) <= abs(steps[right] - step) else right
        point: np.ndarray = self.points[nearest]
        return point

    def thinned(self, column: int, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Steps and values of a column as at most about `most` means of neighbours."""
        size, points = self._bundles(most)
        if size == 1:
            return points[:, STEP], points[:, column]
        means = points[:, (STEP, column)].reshape(-1, size, 2).mean(axis=1)
        # The newest point stays as it is, so that the curve ends where the run is.
        last = self.points[-1:, (STEP, column)]
        return np.append(means[:, 0], last[:, 0]), np.append(means[:, 1], last[:, 1])

    def peaks(self, column: int, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Steps and values of a column, thinned to the least and the greatest value of each of at
        most about `most` / 2 groups of neighbours."""
        size, points = self._bundles(most // 2)
        if size < 3:
            return self.points[:, STEP], self.points[:, column]
        values = points[:, column].reshape(-1, size)
        steps = points[::size, STEP]
        return np.repeat(steps, 2), np.column_stack([values.min(1), values.max(1)]).ravel()

    def _bundles(self, most: int) -> tuple[int, np.ndarray]:
        size = max(1, -(-self._count // most))
        return size, self._store[: self._count // size * size]

    def validated_before(self, step: float) -> tuple[float, float, float] | None:
        """The last validation at or before `step`."""
        return next((each for each in reversed(self.validations) if each[0] <= step), None)

    def _forget_from(self, step: float) -> None:
        self._count = int(np.searchsorted(self.points[:, STEP], step))
        self._waiting = np.empty((0, 5))
        self.validations = [each for each in self.validations if each[0] < step]
        if self._count:
            self._mean = self._store[self._count - 1, SMOOTH_LOSS:] * self._weight
        else:
            self._mean, self._weight = np.zeros(2), 0.0

    def _append(self, rows: np.ndarray) -> None:
        rows = np.concatenate([self._waiting, rows])
        while True:
            # A stored point is the mean of `stride` rows; rows that do not fill one wait.
            whole = min(len(rows) // self._stride, MOST_POINTS - self._count)
            means = rows[: whole * self._stride].reshape(whole, self._stride, 5).mean(axis=1)
            self._store[self._count : self._count + whole] = means
            self._count += whole
            rows = rows[whole * self._stride :]
            if self._count < MOST_POINTS:
                self._waiting = rows
                return
            self._count //= 2
            self._store[: self._count] = self._store.reshape(-1, 2, 5).mean(axis=1)
            self._stride *= 2
