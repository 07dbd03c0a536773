terraform {
  required_providers {
    tama = {
      source = "memovee/tama"
    }
  }
}

# A control plane in the provider's own process. For a hosted Tama: its URL, with TAMA_CLIENT_ID and TAMA_CLIENT_SECRET in
# the environment.
provider "tama" {
  base_url = "embedded:./.state/tama"
}
