"""What a page may do: only what its own head allows."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape

__all__ = ["check_policy"]


def check_policy(page: str) -> None:
    """A page fetches nothing, and runs and shows what is inlined in it, and nothing else."""
    found = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert found is not None
    policy = unescape(found[1])
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        inlined = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert inlined is not None
        digest = base64.b64encode(hashlib.sha256(inlined[1].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert not re.search(r"<[a-z]+ [^>]*\bstyle=", page), "an attribute that the policy does not let through"
