data "tama_thought_processor" "completion" {
  thought_id = tama_thought_processor.completion.thought_id
  type       = "completion"
}

resource "tama_thought_processor" "completion" {
  thought_id = tama_modular_thought.reply.id
  model_id   = tama_model.chat.id

  completion {
    temperature = 0.2
  }
}

resource "tama_modular_thought" "reply" {
  chain_id = tama_chain.talk.id
  relation = "reply"

  module {
    reference = "tama/agentic/generate"
  }
}

resource "tama_chain" "talk" {
  space_id = tama_space.films.id
  name     = "Talk About Films"
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
