from tama.catalog.processor_ import processor

RESOURCE = processor(
    "thought", "The thought that uses it.", "/provision/perception/thoughts/{thought_id}/types/{type}/processor"
)
