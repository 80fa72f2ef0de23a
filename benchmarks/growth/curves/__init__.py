"""Cost against size, one module for each size."""
