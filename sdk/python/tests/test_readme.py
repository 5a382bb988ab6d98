"""The README's commands and programs, as a reader would run them, in order."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fettle import _binary

pytest.importorskip("pandas", reason="pandas is not installed")
pytest.importorskip("pyarrow", reason="pyarrow is not installed")


def test_readme(tmp_path):
    text = (Path(__file__).parent.parent / "README.md").read_text()
    blocks = re.findall(r"```(sh|python)\n(.*?)```", text, re.S)
    assert len(blocks) >= 7
    commands = "".join(code for kind, code in blocks if kind == "sh" and "pip install" not in code)
    program = "".join(code for kind, code in blocks if kind == "python")
    environment = {**os.environ, "PATH": f"{Path(_binary.find()).resolve().parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-ec", commands], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "80.5" in done.stdout and "(1000," in done.stdout and "merchant_id" in done.stdout
