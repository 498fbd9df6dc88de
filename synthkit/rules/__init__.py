"""The rules of a schema: which rows break them, and how a sample is made to keep them."""
