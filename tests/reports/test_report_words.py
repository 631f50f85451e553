"""What a report says in sentences."""

from types import SimpleNamespace

from cnnlab.networks.recipes import recipe
from cnnlab.reports.report_words import network


def test_layers_of_the_conv_grid_family_are_said():
    config = recipe("conv-grid(2,32,1)").config
    said = network(SimpleNamespace(config=config, run=SimpleNamespace(results={})))

    assert said == "Layers: conv 32, pool 2, conv 32, pool 2, flatten, dense 32."
