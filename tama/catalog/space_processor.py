from tama.catalog.processor_ import processor

RESOURCE = processor("space", "The space that uses it.", "/provision/neural/spaces/{space_id}/types/{type}/processor")
