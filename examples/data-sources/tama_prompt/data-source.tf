data "tama_prompt" "critic" {
  id = tama_prompt.critic.id
}

resource "tama_prompt" "critic" {
  space_id = tama_space.films.id
  name     = "Critic"
  role     = "system"
  content  = "You know films well and recommend three at most."
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
