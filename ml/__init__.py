"""Reading handwriting: from ink to scores, and the training behind it.

Knows nothing of Django, Celery or a database.  Serving (`strokes`, `preprocessing`,
`inference`) never imports TensorFlow; training (`architecture`, `training`, `export`) does.
"""
