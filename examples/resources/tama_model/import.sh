terraform import tama_model.chat "<id>"
