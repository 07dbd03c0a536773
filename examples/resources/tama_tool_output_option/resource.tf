resource "tama_tool_output_option" "title" {
  thought_tool_output_id = tama_thought_tool_output.films.id
  action_modifier_id     = tama_action_modifier.title.id
}

resource "tama_thought_tool_output" "films" {
  thought_tool_id = tama_thought_tool.list_films.id
  class_corpus_id = tama_class_corpus.summary.id
}

resource "tama_action_modifier" "title" {
  action_id = data.tama_action.list_films.id
  name      = "query"
  schema = jsonencode({
    type       = "object"
    properties = { title = { type = "string", description = "A part of the title." } }
  })
}

resource "tama_thought_tool" "list_films" {
  thought_id = tama_modular_thought.reply.id
  action_id  = data.tama_action.list_films.id
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

data "tama_action" "list_films" {
  specification_id = tama_specification.films.id
  identifier       = "list-films"
}

resource "tama_specification" "films" {
  space_id = tama_space.films.id
  version  = "1.0.0"
  endpoint = "https://films.example.com/api"
  schema = jsonencode({
    openapi = "3.1.0"
    info    = { title = "Films", version = "1.0.0" }
    paths = {
      "/films" = {
        get = {
          operationId = "list-films"
          description = "Lists the films that fit."
          parameters  = [{ name = "title", in = "query", schema = { type = "string" } }]
          responses   = { "200" = { description = "The films." } }
        }
      }
    }
  })
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
