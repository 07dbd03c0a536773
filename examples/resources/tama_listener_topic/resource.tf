resource "tama_listener_topic" "film" {
  listener_id = tama_listener.club.id
  class_id    = tama_class.film.id
}

variable "secret" {
  description = "What messages to the film club are signed with."
  type        = string
  sensitive   = true
}

resource "tama_listener" "club" {
  space_id = tama_space.films.id
  endpoint = "https://club.example.com/events"
  secret   = var.secret
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
