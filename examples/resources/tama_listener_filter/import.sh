terraform import tama_listener_filter.talk "<id>"
