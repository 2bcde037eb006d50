"""The gate: how useful a token is."""

from torch import Tensor, nn


class Gate(nn.Linear):
    """One fully connected layer and a sigmoid (PaRe, section 3.2), shared by source and target."""

    def __init__(self, width: int) -> None:
        super().__init__(width, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, L, D] -> [B, L] in (0, 1)"""
        return super().forward(tokens).squeeze(-1).sigmoid()
