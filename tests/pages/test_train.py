"""The Train page: builder, recipes of all kinds, and every training option."""

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.config import (
    Activation,
    ActivationName,
    BatchNormalization,
    Convolution,
    Dropout,
    GlobalPooling,
    Layer,
    NetworkConfig,
    Padding,
    Pooling,
    PoolMode,
    Residual,
    RunConfig,
    TrainingConfig,
    change_config,
)
from cnnlab.networks.recipes import RECIPES
from cnnlab.runs import jobs, runs
from cnnlab.runs.own_recipes import find_recipe, own_recipes, save_recipe
from cnnlab.runs.store import open_store
from tests.conftest import end_processes_of
from tests.pages.conftest import Open, said

KNOWN = "field:known:"
NET = f"{KNOWN}network."


def _normalised(filters: int, *pooling: Pooling) -> tuple[Layer, ...]:
    convolution = Convolution(
        filters=filters, padding=Padding.SAME, activation=ActivationName.LINEAR, bias=False
    )
    return (convolution, *pooling, BatchNormalization(momentum=0.9), Activation())


LAYERS: tuple[Layer, ...] = (
    *_normalised(32, Pooling()),
    *_normalised(64, Pooling()),
    Residual(layers=_normalised(64) * 2),
    *_normalised(128, Pooling()),
    Residual(layers=_normalised(128) * 2),
    GlobalPooling(mode=PoolMode.MAX),
    Dropout(rate=0.2),
)


@pytest.fixture
def open_known(trained, open_page: Open) -> Callable[[], AppTest]:
    """Opens the page with a recipe of known layers, whatever the built-in ones are."""
    config = RunConfig(
        recipe="known",
        network=NetworkConfig(layers=LAYERS),
        training=TrainingConfig(batch_size=32),
    )
    save_recipe(open_store(trained[0]), "known", config)
    return lambda: open_page(trained[0], "train", recipe="known")


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def layers(app: AppTest) -> list[str]:
    """The column of the layer table that says what each is."""
    table = next(frame.value for frame in app.dataframe if "what" in frame.value)
    return list(table["what"])


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def click(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def start_of(app: AppTest):
    return next(button for button in app.button if button.label == "Start training")


def show_part(app: AppTest, prefix: str, index: int) -> None:
    app.pills(key=f"{prefix}part").set_value(index).run()
    assert not app.exception


# --- the builder ---


def test_an_edited_block_changes_the_layer_table_at_once(open_known):
    app = open_known()
    before = layers(app)
    app.number_input(key=f"{NET}block.convolution.filters").set_value(48).run()
    assert not app.exception
    assert "48 filters" in layers(app)[1]
    assert layers(app)[2:5] == before[2:5]
    app.selectbox(key=f"{NET}block.pooling").set_value("none").run()
    assert len(layers(app)) == len(before) - 1
    app.toggle(key=f"{NET}block.normalisation").set_value(False).run()
    assert len(layers(app)) == len(before) - 2
    assert "Changed: layers" in said(app)


def test_blocks_are_added_copied_moved_removed_and_taken_back(open_known):
    app = open_known()
    original = layers(app)
    press(app, f"{NET}content_copy")
    assert len(layers(app)) == len(original) + 4
    press(app, f"{NET}delete")
    assert layers(app) == original
    press(app, f"{NET}arrow_forward")
    assert "64 filters" in layers(app)[1]
    press(app, f"{NET}add")
    assert "32 filters" in next(text for text in layers(app)[8:] if "residual" not in text)
    for _ in range(4):
        press(app, f"{NET}undo")
    assert layers(app) == original
    assert app.button(key=f"{NET}undo").disabled


def test_the_head_is_edited_and_dense_layers_come_and_go(open_known):
    app = open_known()
    show_part(app, NET, 3)
    app.selectbox(key=f"{NET}head.join").set_value("flatten").run()
    assert "flatten to a vector" in layers(app)
    click(app, "Add a dense layer")
    app.number_input(key=f"{NET}dense.0.units").set_value(17).run()
    app.number_input(key=f"{NET}dense.0.dropout").set_value(0.4).run()
    assert layers(app)[-3:-1] == ["dense, 17 units, relu", "dropout 0.4"]
    press(app, f"{NET}remove-dense.0")
    assert not [text for text in layers(app) if "17 units" in text]


def test_a_layer_that_does_not_fit_is_named_with_its_block(open_known):
    app = open_known()
    app.number_input(key=f"{KNOWN}data.size").set_value(32).run()
    show_part(app, NET, 2)
    app.number_input(key=f"{NET}block.pooling.size").set_value(9).run()
    assert not app.exception
    refusals = [error.value.replace("\\", "") for error in app.error]
    assert any(re.search(r"layer 11.*pooling 9x9 does not fit into 8x8", text) for text in refusals)
    assert start_of(app).disabled
    marks = [option.content_icon for option in app.pills(key=f"{NET}part").proto.options]
    assert marks == ["", "", ":material/error:", ""]
    assert len(layers(app)) > 10  # what comes before it is still shown
    show_part(app, NET, 0)
    assert "in block 3" in said(app)
    press(app, f"{NET}undo")
    assert not app.error
    assert not start_of(app).disabled


def test_back_to_the_recipe_forgets_the_network_and_the_fields(open_known):
    app = open_known()
    original = layers(app)
    press(app, f"{NET}delete")
    app.number_input(key=f"{KNOWN}training.batch_size").set_value(8).run()
    click(app, "Back to the recipe")
    assert layers(app) == original
    assert app.number_input(key=f"{KNOWN}training.batch_size").value == 32
    assert "Changed" not in said(app)


def test_the_edited_network_survives_a_change_of_page(open_known):
    app = open_known()
    press(app, f"{NET}delete")
    edited = layers(app)
    app.switch_page("pages/results/run.py").run()
    app.switch_page("pages/training/train.py").run()
    assert layers(app) == edited


def test_the_grid_has_three_numbers_and_opens_in_the_builder(trained, open_page: Open):
    app = open_page(trained[0], "train", recipe="conv-grid(2,16,1)")
    prefix = "field:conv-grid(2,16,1):network."
    assert app.number_input(key=f"{prefix}layer_size").value == 16
    assert layers(app)[1] == "3x3 convolution, 16 filters, relu"
    app.number_input(key=f"{prefix}conv_layers").set_value(3).run()
    assert sum("convolution" in text for text in layers(app)) == 3
    described = layers(app)
    press(app, f"{prefix}open")
    assert layers(app) == described
    app.number_input(key=f"{prefix}block.convolution.filters").set_value(5).run()
    assert "5 filters" in layers(app)[1]
    press(app, f"{prefix}undo")
    press(app, f"{prefix}undo")
    assert app.number_input(key=f"{prefix}layer_size").value == 16


def test_layers_are_edited_as_text_and_bad_text_is_explained(open_known):
    app = open_known()
    text = next(area for area in app.text_area if area.key.startswith(f"{NET}text"))
    text.set_value('[{"kind": "flatten"}, {"kind": "dense"}]').run()
    press(app, f"{NET}use")
    assert "layer 2 / dense / units" in said(app).replace("\\", "")
    text = next(area for area in app.text_area if area.key.startswith(f"{NET}text"))
    text.set_value('[{"kind": "batch_norm"}, {"kind": "flatten"}]').run()
    press(app, f"{NET}use")
    assert not app.error
    assert "not blocks" in said(app)
    assert "flatten to a vector" in layers(app)
    assert not start_of(app).disabled


def test_a_backbone_brings_a_small_head_and_leaves_with_its_fine_tuning(open_known):
    app = open_known()
    app.toggle(key=f"{NET}with-backbone").set_value(True).run()
    assert not app.exception
    assert any("MobileNetV2" in text for text in layers(app))
    app.selectbox(key=f"{NET}backbone.name").set_value("resnet50").run()
    assert any("ResNet50" in text for text in layers(app))
    app.toggle(key=f"{KNOWN}training.fine_tuning").set_value(True).run()
    app.number_input(key=f"{KNOWN}training.fine_tuning.epochs").set_value(2).run()
    assert not app.exception
    app.toggle(key=f"{NET}with-backbone").set_value(False).run()
    assert not app.exception
    assert not app.error
    assert not any("ResNet50" in text for text in layers(app))


def test_a_backbone_and_grey_pictures_are_refused_in_a_sentence(trained, open_page: Open):
    app = open_page(trained[0], "train", recipe="transfer")
    app.selectbox(key="field:transfer:data.colour").set_value("grey").run()
    assert not app.exception
    assert "a backbone takes colour" in said(app).replace("\\", "")
    assert start_of(app).disabled
    app.selectbox(key="field:transfer:data.colour").set_value("rgb").run()
    assert not start_of(app).disabled


# --- where to start from ---


def test_an_own_recipe_is_saved_found_again_overwritten_and_deleted(trained, open_page: Open):
    place = trained[0]
    store = open_store(place)
    app = open_page(place, "train")
    app.number_input(key="field:quick:training.epochs").set_value(5).run()
    app.text_input(key="own-recipe-name").set_value("my net").run()
    assert "letters" in said(app)
    app.text_input(key="own-recipe-name").set_value("my-net").run()
    press(app, "save-recipe")
    assert app.selectbox(key="recipe").value == "my-net"
    assert "my-net · own" in app.selectbox(key="recipe").options
    assert app.query_params["recipe"] == "my-net"
    assert app.number_input(key="field:my-net:training.epochs").value == 5
    assert find_recipe(store, "my-net").config.training.epochs == 5

    app.number_input(key="field:my-net:training.epochs").set_value(6).run()
    app.text_input(key="own-recipe-name").set_value("my-net").run()
    assert "already" in said(app)
    click(app, "Overwrite it")
    assert find_recipe(store, "my-net").config.training.epochs == 6
    assert "Changed" not in said(app)

    again = open_page(place, "train", recipe="my-net")
    assert again.number_input(key="field:my-net:training.epochs").value == 6
    press(again, "delete-recipe")
    assert again.selectbox(key="recipe").value == "quick"
    assert own_recipes(store) == []


def test_a_run_is_a_start_by_link_and_from_its_page(trained, open_page: Open):
    place, dataset_id, run_id = trained
    config = runs.get_run(open_store(place), run_id).config
    app = open_page(place, "train", data=dataset_id, **{"from": run_id})
    assert app.selectbox(key="recipe").value == f"run:{run_id}"
    assert f"Configuration of {run_id}" in app.selectbox(key="recipe").options
    epochs = app.number_input(key=f"field:run:{run_id}:training.epochs")
    assert epochs.value == config.training.epochs

    app = open_page(place, "run", run=run_id)
    click(app, "Change and train again")
    assert app.title[0].value == "Train"
    assert app.query_params["from"] == run_id
    assert app.selectbox(key="recipe").value == f"run:{run_id}"
    app.selectbox(key="recipe").set_value("cifar-blocks").run()
    assert "from" not in app.query_params
    assert app.query_params["recipe"] == "cifar-blocks"


def test_the_chosen_start_holds_on_other_pages(trained, open_page: Open):
    place, dataset_id, _ = trained
    app = open_page(place, "train")
    app.selectbox(key="recipe").set_value("conv-16").run()
    app.switch_page("pages/data/samples.py")
    app.query_params["view"] = "preparation"
    app.query_params["data"] = dataset_id
    app.run()
    assert app.selectbox(key="recipe-here").value == "conv-16"
    app.selectbox(key="recipe-here").set_value("conv-32").run()
    click(app, "Train like this")
    assert app.selectbox(key="recipe").value == "conv-32"


def test_changes_to_the_data_go_along_to_another_recipe(trained, open_page: Open):
    place, dataset_id, run_id = trained
    app = open_page(place, "train", data=dataset_id, recipe="quick")
    app.number_input(key="field:quick:split.validation").set_value(0.4).run()
    app.number_input(key="field:quick:data.limit").set_value(7).run()
    (classes,) = (m for m in app.multiselect if m.label == "Classes")
    left = classes.options[:2]
    classes.set_value(left).run()
    app.number_input(key="field:quick:training.epochs").set_value(3).run()

    app.selectbox(key="recipe").set_value("conv-16").run()
    assert not app.exception
    assert [toast.value for toast in app.toast] == [
        "Kept as you changed it: classes, limit, validation."
    ]
    assert "Changed: classes, limit, validation" in said(app)
    assert app.number_input(key="field:conv-16:split.validation").value == 0.4
    assert app.number_input(key="field:conv-16:data.limit").value == 7
    (classes,) = (m for m in app.multiselect if m.label == "Classes")
    assert classes.value == left
    recipe_epochs = RECIPES["conv-16"].config.training.epochs
    assert app.number_input(key="field:conv-16:training.epochs").value == recipe_epochs

    click(app, "Back to the recipe")
    recipe_share = RECIPES["conv-16"].config.split.validation
    assert app.number_input(key="field:conv-16:split.validation").value == recipe_share

    app.selectbox(key="recipe").set_value("quick").run()
    app.selectbox(key="recipe").set_value(f"run:{run_id}").run()
    share = runs.get_run(open_store(place), run_id).config.split.validation
    assert app.number_input(key=f"field:run:{run_id}:split.validation").value == share


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ({"recipe": "nothing"}, "nothing"),
        ({"from": "nothing"}, "no run 'nothing'"),
        ({"set": "training.learning_rate=0"}, "training.learning_rate: should be greater than 0"),
        ({"set": "training.learning_rate=-1"}, "training.learning_rate: should be greater than 0"),
        ({"set": "training.batch_size"}, "section.field=value"),
    ],
)
def test_a_link_that_asks_for_what_there_is_not_is_answered_in_a_sentence(
    address, says, trained, open_page: Open
):
    app = open_page(trained[0], "train", **address)
    assert not app.exception
    assert says in said(app).replace("\\", "").replace("\u200b", "")


def test_a_link_may_set_fields(trained, open_page: Open):
    app = open_page(trained[0], "train", recipe="quick", set="training.epochs=3")
    key = "field:quick training.epochs=3:training.epochs"
    assert app.number_input(key=key).value == 3


# --- the training options ---


def test_every_training_option_has_a_widget(trained, open_page: Open):
    """With each option chosen that makes others appear."""
    place = trained[0]
    changes = {
        "training.optimizer": "sgd",
        "training.schedule": "reduce_on_plateau",
        "training.fine_tuning": True,
        "training.early_stopping": True,
        "training.tensorboard": True,
    }
    save_recipe(open_store(place), "all", change_config(RECIPES["transfer"].config, changes))
    app = open_page(place, "train", recipe="all")
    assert not app.exception
    widgets = [*app.number_input, *app.selectbox, *app.toggle, *app.text_input]
    drawn = {
        str(widget.key).removeprefix("field:all:training.").split(".")[0] for widget in widgets
    }
    assert set(TrainingConfig.model_fields) - drawn == {"warm_up"}
    app.selectbox(key="field:all:training.schedule").set_value("cosine").run()
    assert app.number_input(key="field:all:training.warm_up").value == 0.1
    keys = {str(widget.key) for widget in app.number_input}
    assert "field:all:training.plateau_patience" not in keys
    app.selectbox(key="field:all:training.optimizer").set_value("adam").run()
    keys = {str(widget.key) for widget in app.number_input}
    assert not {"field:all:training.momentum", "field:all:training.weight_decay"} & keys


def test_the_learning_rate_cannot_be_nothing(open_known):
    app = open_known()
    assert app.number_input(key=f"{KNOWN}training.learning_rate").min > 0


def test_a_batch_larger_than_the_training_set_is_allowed_and_explained(open_known):
    app = open_known()
    app.number_input(key=f"{KNOWN}training.batch_size").set_value(4000).run()
    assert not app.exception
    assert "larger than the training set" in said(app)
    assert "Choose a smaller batch size" in said(app)
    assert not start_of(app).disabled


def test_what_was_chosen_is_what_the_run_gets(trained, open_known):
    place = trained[0]
    app = open_known()
    show_part(app, NET, 1)
    press(app, f"{NET}delete")
    app.toggle(key=f"{KNOWN}training.class_weights").set_value(True).run()
    app.selectbox(key=f"{KNOWN}training.precision").set_value("float32").run()
    app.number_input(key=f"{KNOWN}training.mixup").set_value(0.2).run()
    start_of(app).click().run()
    assert not app.exception
    store = open_store(place)
    newest = runs.list_runs(store)[0]
    training = newest.config.training
    assert (training.class_weights, training.precision, training.mixup) == (True, "float32", 0.2)
    assert newest.config.network.layers == (*LAYERS[:4], *LAYERS[9:])
    jobs.request_stop(store, newest.job.id)
    end_processes_of(place)


def test_memory_and_work_are_told_in_human_units(open_known):
    app = open_known()
    assert re.fullmatch(r"[\d.]+ [kMG]B", metrics(app)["Memory a batch"])
    assert re.fullmatch(r"[\d.]+ [kMG]", metrics(app)["Multiply-adds"])
    before = metrics(app)["Memory a batch"]
    app.number_input(key=f"{KNOWN}training.batch_size").set_value(64).run()
    assert float(metrics(app)["Memory a batch"].split()[0]) == pytest.approx(
        2 * float(before.split()[0]), rel=0.01
    )
