"""What tables of runs say: intervals, rankings and tests against rivals."""
