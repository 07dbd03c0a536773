terraform import tama_thought_context.critic "<id>"
