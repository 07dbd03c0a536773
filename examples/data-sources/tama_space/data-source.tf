data "tama_space" "films" {
  id = tama_space.films.slug
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
