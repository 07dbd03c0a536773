terraform import tama_thought_tool_initializer.import "<id>"
