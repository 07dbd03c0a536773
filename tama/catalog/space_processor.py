from tama.catalog.common import found
from tama.catalog.processor_ import processor

RESOURCE = processor("space", "The space that uses it.", "/provision/neural/spaces/{space_id}/types/{type}/processor")

DATA_SOURCE = found(
    RESOURCE, "The processor that a space has for completion, embedding or reranking.", ("space_id", "type")
)
