terraform import tama_thought_path_directive.critic "<id>"
