terraform import tama_queue.talk "<id>"
