"""What a profile is: how it is read, checked and merged, without HTTP and without a database."""
