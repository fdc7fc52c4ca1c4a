"""Pools of bandit prompts, learners and experiments: statements of ``vas_theory`` stressed at scale.

Importing this package loads nothing heavy. ``python -m simulations list`` shows the experiments.
"""
