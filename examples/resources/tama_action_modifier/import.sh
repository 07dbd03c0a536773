terraform import tama_action_modifier.title "<id>"
