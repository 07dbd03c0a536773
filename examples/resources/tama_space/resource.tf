resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
