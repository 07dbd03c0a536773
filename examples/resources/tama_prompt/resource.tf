resource "tama_prompt" "critic" {
  space_id = tama_space.films.id
  name     = "Critic"
  role     = "system"
  content  = <<-TEXT
    You know films well.
    Recommend three at most, each with its year.
  TEXT
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
