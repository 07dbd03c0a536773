"""terraform-provider-tama: Terraform's plugin protocol, a provider framework on it, and the resources of Tama."""
