# What every module of Memovee shares: the space `global` and the classes in it.

terraform {
  required_version = ">= 1.5"

  required_providers {
    tama = {
      source  = "memovee/tama"
      version = "~> 0.1.0"
    }
  }
}

variable "space_id" {
  description = "The id or slug of the global space when someone else keeps it; it is only looked up, and no class is created in it."
  type        = string
  default     = ""
  nullable    = false
}

module "space" {
  source = "../shared_space"

  id   = var.space_id
  name = "global"
  type = "global"
}

resource "tama_class" "class_proxy" {
  count    = var.space_id == "" ? 1 : 0
  space_id = module.space.id

  schema {
    title       = "class-proxy"
    description = "Stands for any class, by its name, where a flow is not bound to one."
    type        = "object"
    properties = jsonencode({
      name        = { type = "string", description = "The name of the class." }
      description = { type = "string", description = "What the class is for." }
      schema      = { type = "object", description = "The JSON schema of the class." }
    })
    required = ["name", "description", "schema"]
  }
}

resource "tama_class" "tool_call" {
  count       = var.space_id == "" ? 1 : 0
  space_id    = module.space.id
  schema_json = file("${path.module}/classes/tool-call.json")
  depends_on  = [tama_class.class_proxy]
}

resource "tama_class" "action_call" {
  count       = var.space_id == "" ? 1 : 0
  space_id    = module.space.id
  schema_json = file("${path.module}/classes/action-call.json")
  depends_on  = [tama_class.class_proxy]
}

resource "tama_class" "task_result" {
  count       = var.space_id == "" ? 1 : 0
  space_id    = module.space.id
  schema_json = file("${path.module}/classes/task-result.json")
  depends_on  = [tama_class.class_proxy]
}

resource "tama_class" "context_metadata" {
  count       = var.space_id == "" ? 1 : 0
  space_id    = module.space.id
  schema_json = file("${path.module}/classes/context-metadata.json")
  depends_on  = [tama_class.class_proxy]
}

output "space_id" {
  description = "The id of the global space."
  value       = module.space.id
}

output "class_ids" {
  description = "The ids of the classes by their names; empty when the space is someone else's."
  value = {
    for class in concat(
      tama_class.class_proxy,
      tama_class.tool_call,
      tama_class.action_call,
      tama_class.task_result,
      tama_class.context_metadata,
    ) : class.name => class.id
  }
}
