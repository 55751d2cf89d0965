"""The public pages: drawing, gallery, sharing, account, my data, offline use and probes."""
