resource "tama_thought_path_directive" "critic" {
  thought_path_id   = tama_thought_path.film.id
  prompt_id         = tama_prompt.critic.id
  target_thought_id = tama_modular_thought.describe.id
}

resource "tama_modular_thought" "describe" {
  chain_id = tama_chain.talk.id
  relation = "description"

  module {
    reference = "tama/agentic/generate"
  }
}

resource "tama_thought_path" "film" {
  thought_id      = tama_modular_thought.reply.id
  target_class_id = tama_class.film.id
}

resource "tama_prompt" "critic" {
  space_id = tama_space.films.id
  name     = "Critic"
  role     = "system"
  content  = "You know films well and recommend three at most."
}

resource "tama_class" "film" {
  space_id = tama_space.films.id
  schema_json = jsonencode({
    title       = "film"
    description = "A film."
    type        = "object"
    properties  = { title = { type = "string" } }
  })
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

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
