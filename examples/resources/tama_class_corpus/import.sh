terraform import tama_class_corpus.summary "<id>"
