"""What claims are made of: statements, certificates, domains of instances, checks and the ledger."""
