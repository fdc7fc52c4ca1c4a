"""Softmax policies and their exact derivatives: gradient, score and reward moments, curvature."""
