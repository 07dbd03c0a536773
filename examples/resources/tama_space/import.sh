terraform import tama_space.films "<id>"
