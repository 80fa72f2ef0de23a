"""The way of a request through this project's own code: calls, functions, files, and returns to a file left before."""
