# A space that is someone else's when its id is given, and created when it is not.

terraform {
  required_version = ">= 1.5"

  required_providers {
    tama = {
      source  = "memovee/tama"
      version = "~> 0.1.0"
    }
  }
}

variable "id" {
  description = "The id or slug of a space that exists and is only looked up; empty to create one."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The name of the space that is created."
  type        = string
}

variable "type" {
  description = "The type of the space that is created: root, component or global."
  type        = string
}

variable "after" {
  description = "What must be there before the space is created."
  type        = any
  default     = null
}

data "tama_space" "given" {
  count = var.id != "" ? 1 : 0
  id    = var.id
}

resource "tama_space" "created" {
  count = var.id == "" ? 1 : 0
  name  = var.name
  type  = var.type

  # Not on the module's call: the look-up must not wait, or a change of what comes before would replace every bridge.
  depends_on = [var.after]
}

output "id" {
  description = "The id of the space."
  value       = var.id == "" ? one(tama_space.created[*].id) : one(data.tama_space.given[*].id)
}
