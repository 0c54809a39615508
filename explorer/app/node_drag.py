"""What a drag from the palette to the canvas carries, as JSON: a kind with its parameters,
{"kind": name, "params": {...}}, or a saved block, {"block": name, "file": the text of its file}."""

import json
from typing import Any

from PySide6.QtCore import QMimeData

NODE_MIME = "application/x-cnn-explorer-node"


def mime_data(content: dict[str, Any]) -> QMimeData:
    """The content of a drag in the form that Qt carries."""
    mime = QMimeData()
    mime.setData(NODE_MIME, json.dumps(content).encode())
    return mime


def content_of(mime: QMimeData) -> dict[str, Any]:
    """The content that `mime_data` packed."""
    content: dict[str, Any] = json.loads(bytes(mime.data(NODE_MIME).data()))
    return content
