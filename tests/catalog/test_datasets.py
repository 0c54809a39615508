"""The data sets, as declared."""

import re

from explorer.catalog.datasets import DATASETS


def sentence(text: str) -> bool:
    """One sentence, or a few, ended as such."""
    return bool(re.fullmatch(r"\S.*\S\.", text)) and "  " not in text


def test_data_sets():
    fashion = DATASETS["fashion-mnist"]
    assert fashion.input == (1, 28, 28) and len(fashion.classes) == 10
    assert (fashion.train, fashion.test) == (60_000, 10_000)
    for name, data in DATASETS.items():
        assert data.name == name and sentence(data.doc)
        assert len(data.mean) == len(data.std) == data.input[0]
