"""Small networks that are trained by reinforcement from scratch, to measure what choosing prompts does to learning.

``torch`` is loaded by the modules that train; the worlds need numpy alone.
"""
