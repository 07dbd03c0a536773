terraform import tama_thought_tool_output.films "<id>"
