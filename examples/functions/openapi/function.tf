resource "tama_specification" "films" {
  space_id = tama_space.films.id
  version  = "1.0.0"
  endpoint = "https://films.example.com/api"

  # Mostly the text of a file: provider::tama::openapi(file("films.yaml"))
  schema = provider::tama::openapi(<<-YAML
    openapi: 3.1.0
    info:
      title: Films
      version: 1.0.0
    paths:
      /films:
        get:
          operationId: list-films
          description: Lists the films that fit.
          responses:
            "200":
              description: The films.
  YAML
  )
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
