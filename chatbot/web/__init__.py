"""The ASGI app: the page, the routes beside it, and the probes on one port."""
