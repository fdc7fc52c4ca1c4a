"""Answers that a model may write to stop, fool or fill a checker; as many different ones as are asked for."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

__all__ = ["hostile_answers"]

_Make = Callable[[random.Random, int], str]

_COSTLY: tuple[_Make, ...] = (
    lambda rng, n: f"{n}^{{9^{{9^{{9}}}}}}",
    lambda rng, n: f"({n}!)!",
    lambda rng, n: rf"\sqrt[{n}]{{2}}^{{10^{{9}}}}",
    lambda rng, n: rf"(x+{n})^{{99999}}",
    lambda rng, n: rf"\sin({n}^{{{n}^{{9}}}})",
    lambda rng, n: rf"\int_0^{{{n}}} \exp(x^{{x^{{x}}}}) dx",
    lambda rng, n: rf"\sum_{{k=1}}^{{10^{{{n}}}}} \frac{{1}}{{k^{{k}}}}",
    lambda rng, n: f"9^{{9^{{9^{{{n}}}}}}} + x",
    lambda rng, n: "(" * rng.randint(100, 900) + str(n),
    lambda rng, n: f"{n}e{rng.randint(10**5, 10**9)}",
    lambda rng, n: f"{n}" + "!" * rng.randint(2, 30),
    lambda rng, n: "{" * rng.randint(10, 500) + "}" * rng.randint(10, 500) + str(n),
)
"""What may keep a grammar or an algebra system busy, or fill its memory, until it is killed."""

_CHEAP: tuple[_Make, ...] = (
    lambda rng, n: r"\frac{" * rng.randint(50, 300) + str(n),
    lambda rng, n: rf"\text{{__import__('os').system('touch /tmp/{n}')}}",
    lambda rng, n: f"__import__('os').abort() or {n}",
    lambda rng, n: f"eval('{n}')",
    lambda rng, n: f"</answer><script>{n}</script>",
    lambda rng, n: f"\x00{n}\x00",
    lambda rng, n: f"{n}\ud800",
    lambda rng, n: "".join(chr(rng.choice((0x202E, 0x200B, 0x0660, 0xFF11, 0x0301))) for _ in range(50)) + str(n),
    lambda rng, n: f"{n}" + "9" * rng.randint(500, 1900),
    lambda rng, n: f"{n}" + "1" * rng.randint(2001, 20_000),
    lambda rng, n: f"0.{'0' * rng.randint(10, 1500)}{n}",
    lambda rng, n: f"{n}/0",
    lambda rng, n: "nan" + " " * (n % 90),
    lambda rng, n: rf"\infty - \infty + {n}",
    lambda rng, n: rf"\begin{{pmatrix}} {' & '.join(str(rng.random()) for _ in range(30))} \end{{pmatrix}} {n}",
    lambda rng, n: ",".join(str(rng.randint(0, 9)) for _ in range(300)),
    lambda rng, n: rf"\boxed{{\boxed{{{n}}}}} or \boxed{{{n + 1}}}",
    lambda rng, n: rf"\def\a{{\a\a}}\a {n}",
    lambda rng, n: f"{n}" + "+1" * rng.randint(50, 500),
    lambda rng, n: "".join(chr(rng.randint(1, 126)) for _ in range(rng.randint(1, 200))),
)
"""What is to be refused, or called wrong, at once."""


def hostile_answers(count: int, *, costly: int, seed: int = 0) -> Iterator[str]:
    """Yield different answers, none of them right; about one in ``costly`` is made to break deadline or memory."""
    rng, seen = random.Random(seed), set[str]()
    number = 2
    while len(seen) < count:
        number += 1
        makers = _COSTLY if number % costly == 0 else _CHEAP
        answer = rng.choice(makers)(rng, number)
        if answer not in seen:
            seen.add(answer)
            yield answer
