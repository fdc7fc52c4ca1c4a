"""The explorer: one HTML file that computes, offline, what VAS would do to your own pool."""
