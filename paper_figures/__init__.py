"""Tables become figures, and figures become one offline report.

Importing this package loads nothing heavy. ``python -m paper_figures list`` names the figures.
"""
