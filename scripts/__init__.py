"""Set-up of a machine for `make run` and `make test`, run from the checkout."""
