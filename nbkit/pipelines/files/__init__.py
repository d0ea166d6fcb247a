"""Files that pipelines read, as Auto Loader reads them."""
