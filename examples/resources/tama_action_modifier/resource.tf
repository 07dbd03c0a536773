resource "tama_action_modifier" "title" {
  action_id = data.tama_action.list_films.id
  name      = "query"
  schema = jsonencode({
    type       = "object"
    properties = { title = { type = "string", description = "A part of the title." } }
  })
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
