"""The sidebar: the model, the tools and the list of conversations."""
