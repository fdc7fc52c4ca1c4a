"""Making a column of pass rates: every prompt of a data set answered several times and verified."""
