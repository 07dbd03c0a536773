terraform import tama_local_service.personalization "<data_folder>"
