"""What the pytest plugin does once it is used: nothing here is imported when pytest starts."""
