"""What a notebook finds in its kernel: spark, dbutils, widgets."""
