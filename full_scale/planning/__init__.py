"""What a run would need: memory, time, devices, and whether its settings fit together."""
