data "tama_listener" "club" {
  id = tama_listener.club.id
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

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
