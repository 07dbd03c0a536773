terraform import tama_source_limit.models "<id>"
