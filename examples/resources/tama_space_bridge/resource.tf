resource "tama_space_bridge" "to_films" {
  space_id        = tama_space.app.id
  target_space_id = tama_space.films.id
}

resource "tama_space" "app" {
  name = "Film Club"
  type = "root"
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
