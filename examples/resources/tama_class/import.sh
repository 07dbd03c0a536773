terraform import tama_class.film "<id>"
