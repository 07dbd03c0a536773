data "tama_source_limit" "models" {
  id = tama_source_limit.models.id
}

resource "tama_source_limit" "models" {
  source_id   = tama_source.models.id
  scale_unit  = "minutes"
  scale_count = 1
  value       = 60
}

variable "api_key" {
  description = "The API key of the models."
  type        = string
  sensitive   = true
}

resource "tama_source" "models" {
  space_id = tama_space.films.id
  name     = "Models"
  type     = "model"
  endpoint = "https://models.example.com/v1"
  api_key  = var.api_key
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
