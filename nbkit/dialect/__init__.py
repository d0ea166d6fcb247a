"""The one door into Spark: SQL read by one lexer, rewriters, every change to others' code."""
