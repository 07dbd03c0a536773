terraform import tama_thought_tool.list_films "<id>"
