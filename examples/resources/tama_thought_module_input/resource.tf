resource "tama_thought_module_input" "film" {
  thought_id      = tama_modular_thought.reply.id
  type            = "concept"
  class_corpus_id = tama_class_corpus.summary.id
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
