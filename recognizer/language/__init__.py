"""Words on screen: number formats, messages, and the texts of scripts in each language."""
