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

  request = {
    headers          = [{ name = "x-team", value = "films" }]
    session_affinity = { location = "header", key = "x-session", value = "actor" }
  }
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
