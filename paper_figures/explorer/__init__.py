"""The explorer: one HTML file that computes, offline, what VAS would do to a pool of one's own."""
