resource "tama_class_corpus" "summary" {
  class_id = tama_class.film.id
  name     = "Summary"
  main     = true
  template = "{{ data.title }}, of {{ data.year }}"
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
