"""How often a correct program fails a statistical test: every test that compares a p-value takes its limit from here.

The rate is over seeds. Seeds are fixed, so a test that passes goes on to pass; it is what one risks who changes a
seed, the order of draws or the generator. Comparisons with a number of standard errors say that number where they are
made: 4.5 are 7e-6, 5 are 6e-7 and 6 are 2e-9 on two sides.
"""

RARE = 1e-6
"""Of the core's draws, where every change is tested in many cases."""

USUAL = 1e-4
"""Of simulated worlds and of the strategies."""

OFTEN = 1e-3
"""Of few and coarse counts, where a smaller rate would notice little."""
