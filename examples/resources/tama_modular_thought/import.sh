terraform import tama_modular_thought.reply "<id>"
