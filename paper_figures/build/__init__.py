"""How figures and pages are built: what depends on what, what is stale, and the whole job."""
