terraform import tama_prompt.critic "<id>"
