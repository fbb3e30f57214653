"""What both loops are made of: reviews, play, gates, the run's purse, and the final table."""
