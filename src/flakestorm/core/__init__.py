"""Where the parts meet: configuration, plan, engine, runner."""
