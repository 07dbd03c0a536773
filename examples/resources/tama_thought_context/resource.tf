resource "tama_thought_context" "critic" {
  thought_id = tama_modular_thought.reply.id
  prompt_id  = tama_prompt.critic.id
  layer      = 0
}

resource "tama_prompt" "critic" {
  space_id = tama_space.films.id
  name     = "Critic"
  role     = "system"
  content  = "You know films well and recommend three at most."
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
