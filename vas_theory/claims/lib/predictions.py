"""What a claim expects of two arms of the network laboratory, as data that measured tables can be held against."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NetworkPrediction"]


@dataclass(frozen=True)
class NetworkPrediction:
    """The sign of a difference of held-out pass rates at equal rollouts.

    Args:
        world: of the laboratory of networks.
        arm: whose final held-out pass rate is compared.
        against: the arm that it is compared with.
        sign: +1 where the arm should end above, -1 below, 0 where no difference is expected.
        because: how it follows from the claim, and what it takes for granted besides.
        seen: the runs of both arms were there when this was written, so it is no forecast.
    """

    world: str
    arm: str
    against: str
    sign: int
    because: str
    seen: bool = False

    def __str__(self) -> str:
        expected = {1: "above", 0: "level with", -1: "below"}[self.sign]
        after = " (written when the runs were there)" if self.seen else ""
        return f"{self.world}: {self.arm} ends {expected} {self.against}, {self.because}{after}"
