"""Tell what pipelines did: event log, lineage, reports."""
