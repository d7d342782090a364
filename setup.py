"""Install patch2loc as settings.ini describes it."""
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
settings = ConfigParser(delimiters=["="])
settings.read(HERE / "settings.ini", encoding="utf-8")
about = settings["DEFAULT"]

setup(
    name=about["lib_name"],
    version=about["version"],
    description=about["description"],
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author=about["author"],
    author_email=about["author_email"],
    url=about["git_url"],
    license="Apache-2.0",
    keywords=about["keywords"].split(),
    packages=find_packages(include=[about["lib_name"] + "*"]),
    package_data={about["lib_name"]: ["templates/*"]},
    python_requires=">=" + about["min_python"],
    install_requires=about["requirements"].split(),
    extras_require={"dev": about["dev_requirements"].split()},
    entry_points={"console_scripts": about["console_scripts"].split(), "nbdev": [f"{about['lib_name']}={about['lib_name']}._modidx:d"]},
)
