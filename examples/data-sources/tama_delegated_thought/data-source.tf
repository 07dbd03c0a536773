data "tama_delegated_thought" "reply" {
  id = tama_delegated_thought.reply.id
}

resource "tama_delegated_thought" "reply" {
  chain_id = tama_chain.evening.id

  delegation {
    target_thought_id = tama_modular_thought.reply.id
  }
}

resource "tama_chain" "evening" {
  space_id = tama_space.films.id
  name     = "Plan An Evening"
}

resource "tama_modular_thought" "reply" {
  chain_id = tama_chain.talk.id
  relation = "reply"

  module {
    reference = "tama/agentic/generate"
  }
}

resource "tama_chain" "talk" {
  space_id = tama_space.films.id
  name     = "Talk About Films"
}

resource "tama_space" "films" {
  name = "Films"
  type = "component"
}
