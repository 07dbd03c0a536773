terraform import tama_listener.club "<id>"
