resource "tama_thought_context_input" "film" {
  thought_context_id = tama_thought_context.critic.id
  type               = "concept"
  class_corpus_id    = tama_class_corpus.summary.id
}

resource "tama_thought_context" "critic" {
  thought_id = tama_modular_thought.reply.id
  prompt_id  = tama_prompt.critic.id
}

resource "tama_prompt" "critic" {
  space_id = tama_space.films.id
  name     = "Critic"
  role     = "system"
  content  = "You know films well and recommend three at most."
}

resource "tama_class_corpus" "summary" {
  class_id = tama_class.film.id
  name     = "Summary"
  template = "{{ data.title }}"
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
