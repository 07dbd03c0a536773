terraform import tama_source.models "<id>"
