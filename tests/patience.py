"""How long a test waits before it gives up: a busy machine is slow, not wrong."""

PATIENCE = 120.0
"""Seconds for anything that is waited for, an engine's start and a run's end among it."""
PATIENCE_MS = int(PATIENCE * 1000)
"""The same for pytest-qt, whose limits are in ms."""
