"""How fast the provider is: beside Terraform without one, beside another provider, and as its resources become many."""
