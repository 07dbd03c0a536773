terraform import tama_listener_topic.film "<id>"
