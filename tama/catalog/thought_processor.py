from tama.catalog.common import found
from tama.catalog.processor_ import processor

RESOURCE = processor(
    "thought", "The thought that uses it.", "/provision/perception/thoughts/{thought_id}/types/{type}/processor"
)

DATA_SOURCE = found(
    RESOURCE, "The processor that a thought has for completion, embedding or reranking.", ("thought_id", "type")
)
