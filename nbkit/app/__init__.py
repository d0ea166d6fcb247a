"""The only wiring: rooms are put together here, and nowhere else."""
