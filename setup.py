"""Install patch2loc as settings.ini describes it."""
import shutil
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
CARRIED = ("data_manifest/*.json", "splits/subjects/*.csv")  # read by the package; an installation has them in patch2loc/project
settings = ConfigParser(delimiters=["="])
settings.read(HERE / "settings.ini", encoding="utf-8")
about = settings["DEFAULT"]


class BuildWithData(build_py):
    """Build the package afresh, with the files that it reads of the clone; an editable installation reads the clone itself."""

    def run(self) -> None:
        """Remove what an earlier build left, build, and copy `CARRIED`."""
        if self.editable_mode:
            return super().run()
        package = Path(self.build_lib) / about["lib_name"]
        shutil.rmtree(package, ignore_errors=True)
        super().run()
        for file in (file for pattern in CARRIED for file in sorted(HERE.glob(pattern))):
            target = package / "project" / file.relative_to(HERE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


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
    package_data={about["lib_name"]: ["templates/*", "models/*/*"]},
    cmdclass={"build_py": BuildWithData},
    python_requires=">=" + about["min_python"],
    install_requires=about["requirements"].split(),
    extras_require={name: about[f"{name}_requirements"].split() for name in ("dev", "docs")},
    entry_points={"console_scripts": about["console_scripts"].split(), "nbdev": [f"{about['lib_name']}={about['lib_name']}._modidx:d"]},
)
