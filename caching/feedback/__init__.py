"""Was it right to give the answer to one question for another? Who says so, what is remembered, what changes by it."""
