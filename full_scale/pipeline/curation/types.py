"""The thirteen types of mathematics that reinforcement learning draws from evenly, told apart by words.

Source:
    2509.21268, section 5 (the types; the words are this project's).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from full_scale.tasks.answers import choice_letter

__all__ = ["OTHER", "TYPES", "TYPE_QUESTION", "read_type", "type_by_rules"]

TYPES = (
    *("arithmetic", "counting", "combinatorics", "algebra", "functions", "plane geometry", "solid geometry"),
    *("combinatorial geometry", "descriptive geometry", "graph theory", "logic", "statistics", "topology"),
)
OTHER = "other"
"""What no rule speaks for."""

_WORDS: Mapping[str, str] = {
    "topology": r"homeomorph\w*|homotop\w*|topolog\w*|knots?|m[oö]bius|euler characteristic|genus|simply connected",
    "graph theory": r"graph theory|spanning tree|adjacen\w+ matrix|(?:hamilton|euler)ian|chromatic number|"
    r"shortest path|(?:directed|undirected|bipartite|complete|connected) graph|degree of (?:the |each )?vert\w+",
    "descriptive geometry": r"(?:front|side|top|left|orthographic|isometric) views?|views? from (?:above|the)|"
    r"unfold\w*|nets? of (?:a|the)|projections? (?:of|onto)|cross[- ]sections?|rotat\w+ (?:the )?(?:figure|cube)|"
    r"fold\w*",
    "combinatorial geometry": r"tiling|tilings?|tessellat\w*|lattice points?|lattice polygon|dissect\w*|convex hull|"
    r"(?:cover|cut|divide)\w* (?:the |a )?(?:square|plane|board|grid|rectangle)|"
    r"how many (?:triangles|squares|rectangles)",
    "solid geometry": r"cubes?|cuboids?|prisms?|pyramids?|cylinders?|cones?|spheres?|tetrahedr\w+|polyhedr\w+|"
    r"volumes?|surface area|octahedr\w+|hemispheres?",
    "combinatorics": r"permutations?|combinations?|binomial|how many (?:different )?ways|"
    r"arrangements?|probabilit\w+|pigeonhole|choose \d+|at random|dice|coins?",
    "statistics": r"(?:bar|pie|line) (?:chart|graph)s?|histograms?|charts?|medians?|(?:arithmetic )?means?|averages?|"
    r"standard deviation|variance|quartiles?|survey|frequenc\w+|value of (?:red|green|blue|yellow|black)|"
    r"(?:sum|difference) of (?:red|green|blue|yellow|black)",
    "logic": r"logic\w*|patterns?|missing|puzzles?|sequence of figures|true or false|knights?|knaves?|liars?|"
    r"next (?:figure|shape|picture)|matrix reasoning|question mark",
    "counting": r"how many|count\w*|number of (?:objects|shapes|dots)",
    "plane geometry": r"triangles?|angles?|circles?|squares?|rectangles?|parallelograms?|trapezoids?|trapeziums?|"
    r"polygons?|perimeters?|areas?|radius|radii|diameters?|tangents?|chords?|perpendicular|parallel|rhomb\w+|"
    r"pentagons?|hexagons?|bisect\w*|hypotenuse|congruent|similar",
    "functions": r"functions?|f\s*\(\s*x\s*\)|derivatives?|integrals?|limits?|domain|asymptotes?|parabolas?|"
    r"(?:sine|cosine|logarithm\w*|exponential)|graph of|slopes?|sin|cos|tan|log",
    "algebra": r"equations?|solve|polynomials?|roots?|unknowns?|variables?|inequalit\w+|factor\w*|quadratic|"
    r"simplif\w+|matrix|matrices|[a-z]\s*=\s*|[xyz]\^?\d*",
    "arithmetic": r"\d|sums?|differences?|products?|quotients?|remainders?|percent\w*|fractions?|divis\w+|multipl\w+|"
    r"calculate|compute|how much|costs?|prices?|dollars?",
}
"""Type to the words that speak for it, the most special type first: the first that is found decides."""
_RULES = {name: re.compile(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])", re.IGNORECASE) for name, words in _WORDS.items()}
LONGEST = 4000
"""Characters of a problem that are read."""

TYPE_QUESTION = (
    "Which type of mathematics is the problem below? Reply with one letter in \\boxed{}.\n"
    + "\n".join(f"({chr(65 + place)}) {name}" for place, name in enumerate(TYPES))
    + "\n\nProblem: "
)
"""What a model is asked that types problems instead of the rules."""


def type_by_rules(problem: str) -> str:
    """Return the first type whose words a problem holds, or :data:`OTHER`."""
    text = problem.replace("<image>", " ")[:LONGEST]
    return next((name for name, rule in _RULES.items() if rule.search(text)), OTHER)


def read_type(answer: str) -> str:
    """Return the type that a model named by its letter, or :data:`OTHER` where it named none."""
    letter = choice_letter(answer)
    place = -1 if letter is None else ord(letter) - ord("A")
    return TYPES[place] if 0 <= place < len(TYPES) else OTHER
