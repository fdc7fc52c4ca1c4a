"""A page that follows training runs: read from their logs, drawn in the browser, without a connection to anywhere."""
