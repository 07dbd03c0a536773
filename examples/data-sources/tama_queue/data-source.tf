data "tama_queue" "talk" {
  id = tama_queue.talk.id
}

resource "tama_queue" "talk" {
  role        = "oracle"
  name        = "Talk"
  concurrency = 8
}
