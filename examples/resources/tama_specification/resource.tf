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

  wait_for {
    field {
      name = "current_state"
      in   = ["completed"]
    }
  }

  timeouts {
    create = "2m"
    update = "2m"
  }
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
