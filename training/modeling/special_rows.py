"""The one row of a frozen input embedding that trains: that of `<|traj|>`.

Placeholders are replaced by projected tokens and the channels are never read, so of the added tokens only `<|traj|>`
is looked up. PEFT's `trainable_token_indices` would do the same, but vLLM refuses an adapter that has them.
"""

import torch
from torch import Tensor, nn


class SpecialRows(nn.Module):
    """Overlays rows of an embedding.

    Args:
        token_ids: Whose rows are overlaid.
        weight: The embedding [V, H] that gives their first values.
    """

    token_ids: Tensor

    def __init__(self, token_ids: list[int], weight: Tensor) -> None:
        super().__init__()
        self.rows = nn.Parameter(weight.detach()[token_ids].float().clone())
        self.register_buffer("token_ids", torch.tensor(token_ids), persistent=False)

    def forward(self, input_ids: Tensor, embeddings: Tensor) -> Tensor:
        """Embeddings [B, L, H] of ids [B, L] with the overlaid rows in place, in the embeddings' dtype."""
        rows = self.rows.to(embeddings.dtype)
        for index, row in enumerate(rows):
            embeddings = torch.where((input_ids == self.token_ids[index])[..., None], row, embeddings)
        return embeddings


def written_back(weight: Tensor, token_ids: list[int], rows: Tensor) -> Tensor:
    """A copy of the embedding [V, H] that holds the rows, in its own dtype."""
    written = weight.detach().clone()
    written[token_ids] = rows.to(written)
    return written
