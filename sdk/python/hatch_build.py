"""Puts the binary into the wheel, and says for which machines the wheel is.

FETTLE_BINARY is the file, FETTLE_PLATFORM the tag of the machines it runs on, such as
manylinux_2_17_x86_64. The binary is static, so any Linux of the processor will do.
"""

import os

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BinaryHook(BuildHookInterface):
    def initialize(self, version, build_data):
        if self.target_name != "wheel":
            return
        binary = os.environ.get("FETTLE_BINARY")
        platform = os.environ.get("FETTLE_PLATFORM")
        if not binary or not platform:
            return  # a wheel without a binary: the library alone, for servers elsewhere
        name = "fettle.exe" if platform.startswith("win") else "fettle"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        build_data["force_include"][os.path.abspath(binary)] = f"fettle/bin/{name}"
