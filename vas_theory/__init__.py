"""Statements, exact quantities, scores and samplers of variance-aware sampling.

Importing this package loads nothing heavy; import the module you need
(``vas_theory.policy.softmax``, ``vas_theory.groups``, ``vas_theory.claims``, ``vas_theory.selection``).
"""

__version__ = "0.1.0"
