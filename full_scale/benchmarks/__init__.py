"""Evaluation sets of images and mathematics: how their rows are read, answers extracted and scored, results written."""
