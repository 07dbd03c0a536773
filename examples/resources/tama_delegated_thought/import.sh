terraform import tama_delegated_thought.reply "<id>"
