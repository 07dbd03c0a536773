resource "tama_class" "film" {
  space_id = tama_space.films.id
  schema_json = jsonencode({
    title       = "film"
    description = "A film."
    type        = "object"
    properties = {
      title = { type = "string" }
      year  = { type = "integer" }
    }
    required = ["title"]
  })
}

# The same in a block.
resource "tama_class" "review" {
  space_id = tama_space.films.id

  schema {
    title       = "review"
    description = "What somebody thinks of a film."
    type        = "object"
    properties  = jsonencode({ text = { type = "string" } })
    required    = ["text"]
  }
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
