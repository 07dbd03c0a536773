terraform import tama_thought_path.film "<id>"
