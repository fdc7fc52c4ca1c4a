"""Whether choosing prompts is expected to help a run: its pool described, and the laboratory's networks asked."""
