"""What the sources of a package of rooms say about it: read, never imported.

Each check gives a list of what is wrong, a line a fault.
"""

import ast
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

MOST_LINES = 300
FREE = ("cli", "cli_book", "cli_light_curves", "__main__")  # may import from anywhere


@dataclass(frozen=True)
class Module:
    """A module by its dotted name, with its source."""

    name: str
    source: str
    is_package: bool

    @property
    def room(self):
        """The folder it is in, or its own name if it is in none; empty for the package itself."""
        return [*self.name.split("."), ""][1]

    def tree(self):
        return ast.parse(self.source)

    def absolute(self, node):
        """The module that a ``from`` imports from."""
        if not node.level:
            return node.module
        package = self.name.split(".") if self.is_package else self.name.split(".")[:-1]
        package = package[: len(package) - node.level + 1]
        return ".".join([*package, *([node.module] if node.module else [])])


def read_modules(root):
    """All modules of the package in a folder, by name."""
    modules = {}
    for path in sorted(Path(root).rglob("*.py")):
        parts = [root.name, *path.relative_to(root).with_suffix("").parts]
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        modules[name] = Module(name, path.read_text(), is_package)
    return modules


def imported(module, modules):
    """What a module imports of its package, anywhere in it: pairs of a module and a name in it or None."""
    top = module.name.split(".")[0]
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.Import):
            for name in (alias.name for alias in node.names):
                if name.split(".")[0] == top:
                    yield name, None
        elif isinstance(node, ast.ImportFrom):
            source = module.absolute(node)
            if source.split(".")[0] == top:
                for alias in node.names:
                    inner = f"{source}.{alias.name}"
                    yield (inner, None) if inner in modules else (source, alias.name)


def arrows_against(modules, rooms):
    """Imports that a room may not make, from faces where the module itself is meant, and strange rooms."""
    faults = []
    for module in modules.values():
        if module.room in FREE:
            continue
        allowed = {module.room, "", *rooms.get(module.room, top_of(rooms))}
        for source, name in imported(module, modules):
            room = modules[source].room if source in modules else source
            if room not in allowed:
                faults.append(f"{module.name} imports {source}")
            elif name is not None and source in modules and source.count(".") == 1 and room in rooms:
                faults.append(f"{module.name} imports {name} from the face {source}")
    known = {"", *FREE, *rooms, *top_of(rooms)}
    strange = {module.room for module in modules.values()} - known
    return faults + [f"{room} is no room" for room in sorted(strange)]


def top_of(rooms):
    """The modules beside the rooms that every room may import."""
    return set.intersection(*map(set, rooms.values())) - set(rooms)


def circles(modules):
    """Modules that import each other, directly or over others."""
    graph = {
        module.name: {source for source, _ in imported(module, modules) if source != module.name}
        for module in modules.values()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(reversed(error.args[1]))]
    return []


def private_names(modules):
    """Names with an underscore that one module takes from another, or uses of what it took."""
    faults = []
    for module in modules.values():
        taken = _names_taken(module)
        for source, name in imported(module, modules):
            if _is_private(name or source.split(".")[-1]):
                faults.append(
                    f"{module.name} imports {source}.{name}" if name else f"{module.name} imports {source}"
                )
        for node in ast.walk(module.tree()):
            if isinstance(node, ast.Attribute) and _is_private(node.attr):
                owner = ast.unparse(node.value)
                if owner in taken:
                    faults.append(f"{module.name} uses {owner}.{node.attr}")
    return faults


def _names_taken(module):
    """What a module calls that which it imports of its package: modules, classes, functions."""
    top, names = module.name.split(".")[0], set()
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name for alias in node.names if alias.name.split(".")[0] == top}
        elif isinstance(node, ast.ImportFrom) and module.absolute(node).split(".")[0] == top:
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def _is_private(name):
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def long_modules(modules):
    """Modules of too many lines."""
    lengths = {name: len(module.source.splitlines()) for name, module in modules.items()}
    return [f"{name} has {length} lines" for name, length in lengths.items() if length > MOST_LINES]


# What makes files with a mode of its own, whatever the umask says.
_OWN_MODE = {"NamedTemporaryFile", "mkstemp", "mkdtemp", "copytree", "copy", "copy2", "copymode", "save_file"}
_COPIERS = {"tempfile", "shutil", "safetensors", "safetensors.torch", "safetensors.numpy"}


def own_modes(modules):
    """Places that make files which stay, with a mode that does not follow the umask."""
    faults = []
    for module in modules.values():
        for node in ast.walk(module.tree()):
            found = set()
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in _COPIERS:
                found = {node.attr}
            elif isinstance(node, ast.ImportFrom) and node.module in _COPIERS:
                found = {alias.name for alias in node.names}
            faults += [f"{module.name}, line {node.lineno}: {name}" for name in sorted(found & _OWN_MODE)]
    return faults


# The only places that may start a stream of random numbers themselves, and by what: the first weights of a
# model are drawn by torch's own initialisers, which know no other stream than the global one.
RANDOM = {
    "random_streams": {"default_rng", "SeedSequence", "manual_seed", "fork_rng"},
    "model.registry": {"manual_seed", "fork_rng"},
}
_STARTS = {
    *("default_rng", "SeedSequence", "RandomState", "Generator", "PCG64", "Philox", "MT19937", "SFC64"),
    *("seed", "manual_seed", "manual_seed_all", "initial_seed", "set_rng_state", "fork_rng"),
}
_MODULES_OF_CHANCE = {"random", "numpy.random", "torch.random", "secrets"}
_OWNERS = {"np.random", "numpy.random", "torch", "torch.random", "torch.cuda", "random"}


def streams_started(modules):
    """Places that start a stream of random numbers without `snlib.random_streams`."""
    faults = []
    for module in modules.values():
        allowed = RANDOM.get(module.name.partition(".")[2], set())
        for node in ast.walk(module.tree()):
            found = set()
            if isinstance(node, ast.Attribute) and node.attr in _STARTS:
                owner = ast.unparse(node.value)
                if owner in _OWNERS or node.attr == "manual_seed":  # of any torch.Generator
                    found = {node.attr}
            elif isinstance(node, ast.Import):
                found = {alias.name for alias in node.names} & _MODULES_OF_CHANCE
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module in _MODULES_OF_CHANCE:
                found = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module in ("numpy", "torch"):
                found = {alias.name for alias in node.names} & {"random", *_STARTS}
            faults += [f"{module.name}, line {node.lineno}: {name}" for name in sorted(found - allowed)]
    return faults
