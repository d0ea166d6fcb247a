"""One shared Spark driver per project: its process and its client."""
