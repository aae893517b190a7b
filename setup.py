"""What pyproject.toml cannot say: the files of data/ that commands need are `snlib.shipped` in a wheel."""

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

SHIPPED = "snlib.shipped"


class BuildWithoutScripts(build_py):
    """The scripts of data/, which made its files, stay in the repository."""

    def find_package_modules(self, package, package_dir):
        """The modules of a package; `SHIPPED` has none."""
        return [] if package == SHIPPED else super().find_package_modules(package, package_dir)


setup(
    packages=[*find_packages(include=["snlib*"]), SHIPPED],
    package_dir={SHIPPED: "data"},
    package_data={SHIPPED: ["surrogate.npz", "rubin_visits.npz", "weights/*/*"]},
    cmdclass={"build_py": BuildWithoutScripts},
)
