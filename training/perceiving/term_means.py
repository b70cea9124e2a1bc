"""Means of the loss and its terms between two log lines."""

from collections import defaultdict
from collections.abc import Mapping

from torch import Tensor


class TermMeans:
    """Adds up terms and forgets them once they are asked for."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = defaultdict(list)

    def add(self, loss: Tensor, terms: Mapping[str, Tensor]) -> None:
        self._values["loss"].append(float(loss.detach()))
        for name, term in terms.items():
            self._values[f"loss_{name}"].append(float(term.detach()))

    def drain(self) -> dict[str, float]:
        """`loss` and `loss_<term>` since the last call, means over steps."""
        means = {name: sum(values) / len(values) for name, values in self._values.items()}
        self._values.clear()
        return means
