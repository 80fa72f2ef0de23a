"""Reviews of semantic hits and what they change."""
