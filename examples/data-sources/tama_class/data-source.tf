data "tama_class" "film" {
  space_id = tama_class.film.space_id
  name     = tama_class.film.name
}

# One that was derived from a specification.
data "tama_class" "list_films" {
  specification_id = tama_specification.films.id
  name             = "list-films"
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
