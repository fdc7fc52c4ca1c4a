"""The networks: a stack of small transformers, their sampling, their updates, their supervised starts."""
