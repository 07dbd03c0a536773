variable "films_key" {
  description = "The API key of the film database."
  type        = string
  sensitive   = true
}

resource "tama_source_identity" "films" {
  specification_id = tama_specification.films.id
  identifier       = "ApiKey"
  api_key          = var.films_key

  validation {
    path   = "/films"
    method = "GET"
    codes  = [200]
  }
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
    components = {
      securitySchemes = { ApiKey = { type = "http", scheme = "bearer" } }
    }
  })
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
