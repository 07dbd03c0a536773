terraform import tama_thought_pruning.reply "<id>"
