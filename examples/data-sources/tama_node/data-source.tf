data "tama_node" "film" {
  id = tama_node.film.id
}

resource "tama_node" "film" {
  space_id = tama_space.films.id
  class_id = tama_class.film.id
  chain_id = tama_chain.talk.id
  type     = "reactive"
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

resource "tama_chain" "talk" {
  space_id = tama_space.films.id
  name     = "Talk About Films"
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
