"""The command line: one module per command group, no lending rule in any of them."""
