resource "tama_queue" "talk" {
  role        = "oracle"
  name        = "Talk"
  concurrency = 8
}
