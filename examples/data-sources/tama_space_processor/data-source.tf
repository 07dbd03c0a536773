data "tama_space_processor" "completion" {
  space_id = tama_space_processor.completion.space_id
  type     = "completion"
}

resource "tama_space_processor" "completion" {
  space_id = tama_space.films.id
  model_id = tama_model.chat.id

  completion {
    temperature   = 0.7
    tool_choice   = "auto"
    role_mappings = [{ from = "system", to = "developer" }]
    parameters    = jsonencode({ reasoning_effort = "low" })
  }
}

resource "tama_model" "chat" {
  source_id  = tama_source.models.id
  identifier = "chat-large"
  path       = "/chat/completions"
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
