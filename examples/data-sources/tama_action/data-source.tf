data "tama_action" "list_films" {
  specification_id = tama_specification.films.id
  identifier       = "list-films"
}

# The same by its place in the document.
data "tama_action" "get_films" {
  specification_id = tama_specification.films.id
  path             = "/films"
  method           = "GET"
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
