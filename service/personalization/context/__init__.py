"""What is known of an actor as a text for a prompt, within a budget: `docs/context.md`."""
