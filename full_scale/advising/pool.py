"""The shape of a pool: the few numbers by which pools are compared, of a user's log and of the laboratory's worlds."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from full_scale.logs.outlook import beta_outlook
from vas_theory.groups.beta_pools import fit_pool_to_shares
from vas_theory.selection.group_moments import check_group_size

__all__ = ["PoolShape"]


@dataclass(frozen=True)
class PoolShape:
    """A pool under uniform sampling.

    Attributes:
        a, b: of the Beta distribution of pass rates.
        group_size: rollouts of a group.
        visits: groups that a run has for each prompt, on average.
    """

    a: float
    b: float
    group_size: int
    visits: float

    @classmethod
    def from_shares(cls, pass_rate: float, silent_share: float, group_size: int, visits: float) -> PoolShape:
        """Fit the distribution to a mean and a share of silent groups.

        Raises:
            ArgumentError: no distribution has these two, or a value is out of range.
        """
        return cls(*fit_pool_to_shares(pass_rate, silent_share, check_group_size(group_size)), group_size, visits)

    @property
    def pass_rate(self) -> float:
        """Mean pass rate."""
        return self.a / (self.a + self.b)

    @property
    def mixed(self) -> float:
        """Expected share of groups with a gradient under uniform sampling."""
        return 1.0 - beta_outlook(self.a, self.b, self.group_size, 0.0).uniform_silent

    @property
    def headroom(self) -> float:
        """Groups with a gradient if prompts are drawn by their true p(1 - p), relative to uniform sampling."""
        return 1.0 + beta_outlook(self.a, self.b, self.group_size, 1.0).signal_gain

    @property
    def wrong(self) -> float:
        """Expected share of groups that are all wrong."""
        return self._silent_end(self.a, self.b)

    @property
    def right(self) -> float:
        """Expected share of groups that are all right."""
        return self._silent_end(self.b, self.a)

    def _silent_end(self, a: float, b: float) -> float:
        from numpy import exp
        from scipy.special import betaln

        return float(exp(betaln(a, b + self.group_size) - betaln(a, b)))

    @property
    def u_shaped(self) -> bool:
        """Whether most prompts are nearly always wrong or nearly always right."""
        return self.a < 1 and self.b < 1

    def as_dict(self) -> dict[str, float | bool]:
        """All numbers, JSON-serialisable."""
        names = ("pass_rate", "mixed", "wrong", "right", "headroom", "u_shaped")
        return {**asdict(self), **{name: getattr(self, name) for name in names}}
