terraform import tama_node.film "<id>"
