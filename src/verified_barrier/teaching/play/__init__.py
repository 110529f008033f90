"""A barrier to be stepped through by hand, in a terminal or over a pipe."""
