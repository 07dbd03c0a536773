# The personalization module of Memovee: its space, its specification and actions, its credential, its bridges, and the
# service that implements them. `stack/` declares the same graph with CDKTF; docs/stack.md describes both.

terraform {
  required_version = ">= 1.5"

  required_providers {
    tama = {
      source  = "memovee/tama"
      version = "~> 0.1.0"
    }
  }

  # Not in the top folder: cdktf refuses to work where it sees a `terraform.tfstate`.
  backend "local" {
    path = ".state/terraform/terraform.tfstate"
  }
}

variable "base_url" {
  description = "Where Tama is: https://… for a hosted one, embedded:<folder> for one in the provider itself; empty for the embedded one of this twin."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.base_url == "" || can(regex("^(https?://|embedded:).", var.base_url))
    error_message = "base_url must start with https://, http:// or embedded:."
  }
}

variable "client_id" {
  description = "The id of the client that the provider is to a hosted Tama; empty for an embedded one."
  type        = string
  default     = ""
  nullable    = false
}

variable "client_secret" {
  description = "The secret of that client."
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true
}

variable "global_space_id" {
  description = "The id or slug of the global space when it is someone else's; it is only looked up. Empty to create it with its classes."
  type        = string
  default     = ""
  nullable    = false
}

variable "memovee_space_id" {
  description = "The id or slug of the main space of Memovee when it is someone else's; it is only looked up. Empty to create it."
  type        = string
  default     = ""
  nullable    = false
}

variable "prompt_assembly_space_id" {
  description = "The id or slug of the space of prompt assembly when it is someone else's; it is only looked up. Empty to create it."
  type        = string
  default     = ""
  nullable    = false
}

variable "basic_conversation_space_id" {
  description = "The id or slug of the space of basic conversation when it is someone else's; it is only looked up. Empty to create it."
  type        = string
  default     = ""
  nullable    = false
}

variable "space_name" {
  description = "The name of the personalization space; a change renames it in place."
  type        = string
  default     = "personalization"
  nullable    = false

  validation {
    condition     = trimspace(var.space_name) != ""
    error_message = "space_name must not be empty."
  }
}

variable "specification_version" {
  description = "The version that the specification is registered with; empty for the one of schemas/personalization.yaml."
  type        = string
  default     = ""
  nullable    = false
}

variable "service_endpoint" {
  description = "The URL of a service that runs elsewhere, with or without /internal/personalization; empty to start one on this machine."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.service_endpoint == "" || can(regex("^https?://[^/]", var.service_endpoint))
    error_message = "service_endpoint must start with http:// or https:// and name a host."
  }
}

variable "service_api_key" {
  description = "The API key of the service, at least 32 characters; needed with service_endpoint, and made when empty without it."
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true
}

variable "service_store" {
  description = "The PostgreSQL database of the service on this machine, postgresql://user@host/database, without a password; empty for a file in its data folder."
  type        = string
  default     = ""
  nullable    = false
}

variable "service_store_password_file" {
  description = "The file, in libpq's form and with mode 0600, that the password for service_store is looked up in; empty for none."
  type        = string
  default     = ""
  nullable    = false
}

variable "data_folder" {
  description = "The folder for the data of the service on this machine; empty for the one of this twin."
  type        = string
  default     = ""
  nullable    = false
}

locals {
  document    = yamldecode(file("${path.module}/schemas/personalization.yaml"))
  service_url = var.service_endpoint == "" ? one(tama_local_service.personalization[*].url) : trimsuffix(trimsuffix(var.service_endpoint, "/"), "/internal/personalization")
}

provider "tama" {
  base_url      = coalesce(var.base_url, "embedded:${abspath(path.root)}/.state/terraform/tama")
  client_id     = var.client_id == "" ? null : var.client_id
  client_secret = var.client_secret == "" ? null : var.client_secret
}

module "global" {
  source = "./modules/global"

  space_id = var.global_space_id
}

module "memovee" {
  source = "./modules/shared_space"

  id    = var.memovee_space_id
  name  = "memovee"
  type  = "root"
  after = module.global
}

module "prompt_assembly" {
  source = "./modules/shared_space"

  id    = var.prompt_assembly_space_id
  name  = "prompt-assembly"
  type  = "component"
  after = module.global
}

module "basic_conversation" {
  source = "./modules/shared_space"

  id    = var.basic_conversation_space_id
  name  = "basic-conversation"
  type  = "component"
  after = module.global
}

resource "tama_space" "personalization" {
  name = var.space_name
  type = "component"

  depends_on = [module.global]
}

resource "tama_local_service" "personalization" {
  count               = var.service_endpoint == "" ? 1 : 0
  data_folder         = coalesce(var.data_folder, "${abspath(path.root)}/.state/terraform/service")
  api_key             = var.service_api_key == "" ? null : var.service_api_key
  store               = var.service_store == "" ? null : var.service_store
  store_password_file = var.service_store_password_file == "" ? null : var.service_store_password_file
}

resource "tama_specification" "personalization" {
  space_id = tama_space.personalization.id
  schema   = jsonencode(local.document)
  version  = coalesce(var.specification_version, local.document.info.version)
  endpoint = "${local.service_url}/internal/personalization"

  wait_for {
    field {
      name = "current_state"
      in   = ["completed"]
    }
  }
}

data "tama_action" "get_profile" {
  specification_id = tama_specification.personalization.id
  identifier       = "get-profile"
}

data "tama_action" "upsert_profile" {
  specification_id = tama_specification.personalization.id
  identifier       = "create-or-update-profile"
}

# All in one: a data source for each operation would have Terraform read the whole document from its state as often.
data "tama_actions" "personalization" {
  specification_id = tama_specification.personalization.id
}

resource "tama_source_identity" "personalization" {
  specification_id = tama_specification.personalization.id
  identifier       = "ApiKey"
  api_key          = var.service_endpoint == "" ? one(tama_local_service.personalization[*].api_key) : var.service_api_key

  validation {
    path   = "/whoami"
    method = "GET"
    codes  = [200]
  }

  wait_for {
    field {
      name = "current_state"
      in   = ["active"]
    }
  }
}

resource "tama_space_bridge" "memovee" {
  space_id        = module.memovee.id
  target_space_id = tama_space.personalization.id
}

resource "tama_space_bridge" "prompt_assembly" {
  space_id        = module.prompt_assembly.id
  target_space_id = tama_space.personalization.id
}

resource "tama_space_bridge" "basic_conversation" {
  space_id        = module.basic_conversation.id
  target_space_id = tama_space.personalization.id
}

output "personalization_space_id" {
  description = "The id of the personalization space."
  value       = tama_space.personalization.id
}

output "specification_id" {
  description = "The id of the specification."
  value       = tama_specification.personalization.id
}

output "get_profile_action_id" {
  description = "The id of the action get-profile, which can be called once the source identity is there."
  value       = data.tama_action.get_profile.id
  depends_on  = [tama_source_identity.personalization]
}

output "upsert_profile_action_id" {
  description = "The id of the action create-or-update-profile, which can be called once the source identity is there."
  value       = data.tama_action.upsert_profile.id
  depends_on  = [tama_source_identity.personalization]
}

output "bridge_ids" {
  description = "The ids of the bridges to the personalization space, by the space that they come from."
  value = {
    memovee            = tama_space_bridge.memovee.id
    prompt_assembly    = tama_space_bridge.prompt_assembly.id
    basic_conversation = tama_space_bridge.basic_conversation.id
  }
}

output "service_url" {
  description = "Where the service answers."
  value       = local.service_url
}
