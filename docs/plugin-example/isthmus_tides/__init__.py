"""An example of a plug-in for isthmus: a task, a source, an embedder, a method and a backbone."""
