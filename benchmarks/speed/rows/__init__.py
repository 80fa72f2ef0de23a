"""The rows of docs/performance.md, one module for each or for a few that share their servers."""
