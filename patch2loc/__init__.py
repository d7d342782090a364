"""Unsupervised brain-lesion detection by patch localization; the names a script needs, loaded on first use (PEP 562)."""
__version__ = "0.1.0"

from importlib import import_module

_MODULES = {
    "Volume": "core",
    "read_volume": "core",
    "read_mask": "core",
    "Scan": "data.scan",
    "load_scan": "data.scan",
    "train_localizer": "localizer.training",
    "load_localizer": "localizer.model",
    "localize": "heatmap.localize",
    "scores": "heatmap.scores",
    "heatmaps": "heatmap.normative",
    "detect": "apps.detect",
    "Config": "study.config",
}
__all__ = list(_MODULES)


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__():
    return sorted({*globals(), *__all__})
