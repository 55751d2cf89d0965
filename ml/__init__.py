"""Reading handwriting: from ink to scores, and the training behind it.

Knows nothing of Django, Celery or a database. Serving (`drawing`, `reading`) never imports
TensorFlow; training (`learning`, and the augmentation in `data`) does.
"""
