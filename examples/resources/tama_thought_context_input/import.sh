terraform import tama_thought_context_input.film "<id>"
