"""The packages: those that setuptools finds, and the folder of files that come with the program."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["explorer", "explorer.*"]), "explorer.resources"])
