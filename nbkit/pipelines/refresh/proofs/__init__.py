"""What can be proved about a query from Spark's resolved plan of it, over trees: nothing is run.

Every operator that a proof goes through stands in a table of those for which the rule is known to
hold; any other one ends it. Nobody has to think of what is not there.
"""
