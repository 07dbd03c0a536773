terraform import tama_class_operation.index "<class_id>:<id>"
