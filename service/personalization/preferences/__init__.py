"""What an actor prefers: how it is read, checked and completed, without HTTP and without a database."""
