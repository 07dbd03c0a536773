terraform import tama_thought_initializer.preload "<id>"
