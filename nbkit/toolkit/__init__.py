"""What a notebook finds in its kernel: spark, dbutils, display, widgets.

Read `startup` first: it puts the names into the notebook. `attempt` knows which attempt of a
job the kernel serves, `say` tells the runner what happens, `session` attaches Spark late.
"""
