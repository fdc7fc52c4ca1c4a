"""Instance families: what a claim is checked on, one module a kind of instance."""
