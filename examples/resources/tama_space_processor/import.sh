terraform import tama_space_processor.completion "<space_id>/<type>"
