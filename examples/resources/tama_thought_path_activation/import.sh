terraform import tama_thought_path_activation.evening "<id>"
