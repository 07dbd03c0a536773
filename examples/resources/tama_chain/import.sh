terraform import tama_chain.talk "<id>"
