"""What starts jobs by themselves: one file for each kind, which decides when it fires."""
