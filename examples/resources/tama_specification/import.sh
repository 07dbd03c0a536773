terraform import tama_specification.films "<id>"
