"""Files that a person attaches, read into what a model can take."""
