resource "tama_modular_thought" "reply" {
  chain_id        = tama_chain.talk.id
  output_class_id = tama_class.film.id
  index           = 0
  relation        = "reply"

  module {
    reference  = "tama/agentic/generate"
    parameters = jsonencode({ max_tokens = 500 })
  }

  faculty {
    queue_id = tama_queue.talk.id
    priority = 1
  }
}

resource "tama_queue" "talk" {
  role        = "oracle"
  name        = "Talk"
  concurrency = 8
}

resource "tama_chain" "talk" {
  space_id = tama_space.films.id
  name     = "Talk About Films"
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

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
