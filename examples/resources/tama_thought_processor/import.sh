terraform import tama_thought_processor.completion "<thought_id>/<type>"
