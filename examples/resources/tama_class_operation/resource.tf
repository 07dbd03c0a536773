resource "tama_class_operation" "index" {
  class_id  = tama_class.film.id
  chain_ids = [tama_chain.talk.id]
  node_type = "explicit"

  wait_for {
    field {
      name = "current_state"
      in   = ["processed"]
    }
  }
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
