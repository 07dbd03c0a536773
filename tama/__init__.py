"""What Tama is: its catalog of resources, clients for its provisioning API, and that API itself."""
