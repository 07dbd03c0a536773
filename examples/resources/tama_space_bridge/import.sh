terraform import tama_space_bridge.to_films "<id>"
