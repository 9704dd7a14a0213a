"""A home in one file: made (``making``), read again without trusting it (``archive``), and put back (``restoring``).

A backup is a tar, pressed with gzip, that any unpacker opens. Its first member, BACKUP.json, lists all others by size
and SHA-256.
"""
