"""Loop 2: collect turns, have a recipe written, train it, judge the specialist, write a line."""
