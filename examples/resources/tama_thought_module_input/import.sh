terraform import tama_thought_module_input.film "<id>"
