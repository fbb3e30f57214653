"""The tools of a review, a module for each purpose."""
