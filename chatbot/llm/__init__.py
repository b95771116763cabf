"""All that talks to a model server."""
