terraform import tama_thought_tool_input.query "<id>"
