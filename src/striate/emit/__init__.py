"""How: the vocabulary of loops and vectors, its four readings, and one emitter file a layer family."""
