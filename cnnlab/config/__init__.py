"""What decides how a run turns out: validated, frozen, with a JSON round trip."""

from cnnlab.config.data import (
    AugmentationConfig,
    Colour,
    DataConfig,
    Resize,
    SplitConfig,
)
from cnnlab.config.layers import (
    Activation,
    ActivationName,
    BatchNormalization,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalPooling,
    Layer,
    Padding,
    Pooling,
    PoolMode,
    Residual,
)
from cnnlab.config.network import (
    Backbone,
    BackboneName,
    Features,
    NetworkConfig,
    Scaling,
)
from cnnlab.config.run import (
    OPTIONAL_SECTIONS,
    RunConfig,
    change_config,
    parse_assignments,
    parse_config,
)
from cnnlab.config.section import (
    Section,
)
from cnnlab.config.training import (
    EarlyStopping,
    FineTuning,
    Monitor,
    Optimizer,
    Precision,
    Schedule,
    TrainingConfig,
)

__all__ = [
    "OPTIONAL_SECTIONS",
    "Activation",
    "ActivationName",
    "AugmentationConfig",
    "Backbone",
    "BackboneName",
    "BatchNormalization",
    "Colour",
    "Convolution",
    "DataConfig",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "Features",
    "FineTuning",
    "Flatten",
    "GlobalPooling",
    "Layer",
    "Monitor",
    "NetworkConfig",
    "Optimizer",
    "Padding",
    "PoolMode",
    "Pooling",
    "Precision",
    "Residual",
    "Resize",
    "RunConfig",
    "Scaling",
    "Schedule",
    "Section",
    "SplitConfig",
    "TrainingConfig",
    "change_config",
    "parse_assignments",
    "parse_config",
]
