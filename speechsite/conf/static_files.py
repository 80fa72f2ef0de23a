"""Static files: hashed and compressed once `collectstatic` has run; until then, and if they are newer, as they are."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    def stored_name(self, name: str) -> str:
        if self.hash_key(self.clean_name(name)) in self.hashed_files:
            return str(super().stored_name(name))
        return name
