"""Training runs: what an arm is, the program of a run, what is measured, and how runs share one stack."""
