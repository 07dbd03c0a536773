data "tama_space" "films" {
  slug = tama_space.films.slug
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
