terraform import tama_tool_output_option.title "<id>"
