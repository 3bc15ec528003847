"""What each provider's answers look like: its errors, its replies, and where things stand in them."""
