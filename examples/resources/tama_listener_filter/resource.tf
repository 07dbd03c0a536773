resource "tama_listener_filter" "talk" {
  listener_id = tama_listener.club.id
  chain_id    = tama_chain.talk.id
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

resource "tama_chain" "talk" {
  space_id = tama_space.films.id
  name     = "Talk About Films"
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
