"""Logs of runs made elsewhere: how they are read, and what they say about selection."""
