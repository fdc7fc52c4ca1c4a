"""Pictures whose questions can be verified, a program that answers them with slips, and a model that learns them."""
