"""What watching may cost."""

from explorer.engine import budget
from explorer.engine.budget import Budget


def test_the_budget_is_kept_over_time_and_starves_nobody(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(budget.time, "perf_counter", lambda: now[0])
    kept, spent, looks = Budget(0.03), 0.0, {0.01: 0, 1.0: 0}
    for step in range(40_000):  # 20 steps a second, and rows after each
        now[0] += 0.05
        kept.spend(0.0002, looked=False)
        spent += 0.0002
        if kept.due:
            cost = 0.01 if step < 20_000 else 1.0
            now[0] += cost
            kept.spend(cost)
            spent, looks[cost] = spent + cost, looks[cost] + 1
            assert step < 1000 or kept.cost < 0.08
    assert 0.025 < spent / now[0] <= 0.0305
    assert looks[0.01] > 2000 and looks[1.0] > 20
