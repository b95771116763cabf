"""The set-up of a machine for `make run` and `make test`."""
