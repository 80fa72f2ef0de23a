"""Other gateways, each installed once into a folder of its own below `var/benchmarks`."""
