terraform import tama_source_identity.films "<id>"
