"""The reader of curves finds what was put into curves, and nothing else."""

import math

import numpy as np
import pytest

from cnnlab.config import Schedule, change_config
from cnnlab.evaluation.learning import (
    LEAST_EPOCHS,
    Circumstances,
    Ending,
    Kind,
    read_curves,
)
from cnnlab.networks.recipes import RECIPES, recipe
from cnnlab.schedules import learning_rate_at

SEEDS = range(12)
LENGTHS = (5, 6, 8, 10, 15, 20, 35, 60, 100)
CLASSES = 6
CHANCE = math.log(CLASSES)
PLAIN = change_config(recipe("scenes-pooling").config, {"training.learning_rate": 1e-3})


def records(loss, validation_loss, accuracy, validation_accuracy, **more):
    columns = {
        "loss": loss,
        "validation_loss": validation_loss,
        "accuracy": accuracy,
        "validation_accuracy": validation_accuracy,
        **more,
    }
    return [
        {"epoch": place + 1, **{name: float(values[place]) for name, values in columns.items()}}
        for place in range(len(loss))
    ]


def accuracy_of(loss):
    """What an accuracy would be beside a loss, from chance to all."""
    return np.clip(1 - (1 - 1 / CLASSES) * np.asarray(loss) / CHANCE, 1 / CLASSES, 1)


def noisy(values, seed, *, share=0.02, place=0):
    """Values with independent noise that is a share of them."""
    rng = np.random.default_rng([seed, place])
    return np.asarray(values) * (1 + share * rng.standard_normal(len(values)))


def course(length, start, end, *, speed=6.0):
    """A loss that has settled at the end."""
    return end + (start - end) * np.exp(-speed * np.arange(length) / (length - 1))


def curves(training, validation, seed, *, validation_noise=0.03, **more):
    loss = noisy(training, seed, share=0.015)
    validation_loss = noisy(validation, seed, share=validation_noise, place=1)
    return records(
        loss,
        validation_loss,
        accuracy_of(training),
        accuracy_of(np.minimum(validation, CHANCE)),
        **more,
    )


def kinds(epochs, config=PLAIN, **facts):
    facts = {"class_count": CLASSES, **facts}
    return [reading.kind for reading in read_curves(epochs, config, **facts)]


def fine(length, seed, rng):
    return curves(
        course(length, CHANCE, rng.uniform(0.15, 0.5)),
        course(length, CHANCE, rng.uniform(0.5, 0.65)),
        seed,
    )


def over_fitting(length, seed, rng):
    """Validation loss falls for two fifths of the run, then rises; training goes on falling."""
    time = np.arange(length) / (length - 1)
    lowest = rng.uniform(0.3, 0.45)
    validation = 0.7 + 1.0 * np.where(
        time < lowest, ((time - lowest) / lowest) ** 2, rng.uniform(0.5, 1.2) * (time - lowest)
    )
    return curves(course(length, CHANCE, 0.05, speed=4), validation, seed)


def dying(length, seed, rng):
    """Raw pixels: a first epoch beyond all measure, then log(n) for good."""
    loss = np.full(length, CHANCE + 0.002)
    loss[0] = rng.uniform(1.7, 60)
    chance = np.full(length, rng.uniform(0.15, 0.19))
    return records(noisy(loss, seed, share=0.001), np.full(length, CHANCE + 0.001), chance, chance)


def too_high_above_chance(length, seed, rng):
    loss = noisy(np.full(length, rng.uniform(2.3, 30)), seed, share=0.3)
    return records(loss, loss, np.full(length, 0.2), np.full(length, 0.17))


def too_high_oscillating(length, seed, rng):
    steps = np.where(np.arange(length) % 2 == 0, 1.0, rng.uniform(0.5, 0.7))
    loss = rng.uniform(0.9, 1.4) * steps
    return curves(loss, loss * 1.1, seed)


def too_high_collapsing(length, seed, rng):
    loss = course(length, CHANCE, 0.5)
    loss[length // 2 + 1 :] = CHANCE * rng.uniform(0.95, 1.05)
    return curves(loss, loss * 1.02, seed)


def too_low(length, seed, rng):
    """A straight line that has gone a tenth to a third of the way."""
    gain = min(rng.uniform(0.08, 0.3), 0.035 * (length - 1))
    loss = CHANCE * (1 - gain * np.arange(length) / (length - 1))
    rng_noise = 0.1 * gain / length + 0.001
    return records(
        noisy(loss, seed, share=rng_noise),
        noisy(loss * 1.01, seed, share=0.005, place=1),
        accuracy_of(loss),
        accuracy_of(loss),
    )


def still_falling(length, seed, rng):
    """Exponential, and far from its end."""
    ends = rng.uniform(0.1, 0.3)
    training = course(length, CHANCE, ends, speed=rng.uniform(1.8, 2.6))
    return curves(training, training + 0.05, seed, validation_noise=0.02)


def too_small(length, seed, rng):
    """Settled, and poor on both."""
    end = CHANCE * rng.uniform(0.65, 0.8)
    return curves(course(length, CHANCE, end, speed=9), course(length, CHANCE, end + 0.03), seed)


FAMILIES = {
    fine: Kind.FINE,
    over_fitting: Kind.OVERFITTING,
    dying: Kind.DEAD,
    too_high_above_chance: Kind.RATE_TOO_HIGH,
    too_high_oscillating: Kind.RATE_TOO_HIGH,
    too_high_collapsing: Kind.RATE_TOO_HIGH,
    too_low: Kind.RATE_TOO_LOW,
    still_falling: Kind.UNDERFITTING,
    too_small: Kind.UNDERFITTING,
}


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_each_kind_is_found_and_no_other(family, length):
    for seed in SEEDS:
        epochs = family(length, seed, np.random.default_rng([seed, length]))
        assert kinds(epochs) == [FAMILIES[family]], (seed, epochs)


def read(epochs, config=PLAIN, **facts):
    return read_curves(epochs, config, **{"class_count": CLASSES, **facts})


STUDY_3 = records(
    [0.652, 0.571, 0.521, 0.478, 0.437, 0.392, 0.341, 0.287, 0.229, 0.178],
    [0.603, 0.556, 0.538, 0.517, 0.531, 0.552, 0.601, 0.668, 0.741, 0.853],
    [0.60, 0.70, 0.74, 0.77, 0.80, 0.83, 0.85, 0.88, 0.91, 0.93],
    [0.67, 0.71, 0.73, 0.75, 0.75, 0.74, 0.74, 0.74, 0.73, 0.73],
)


def test_study_3_is_over_fitted_after_its_fourth_epoch():
    (reading,) = read(STUDY_3, recipe("conv-grid").config, class_count=2, best_epoch=4)

    assert reading.kind is Kind.OVERFITTING
    assert "rises after epoch 4" in reading.sentence
    assert reading.changes["augmentation.shift"] > 0
    assert reading.changes["training.early_stopping.patience"] == 5


# A network of study 3 on a twelfth of its pictures: training falls slowly, validation has turned.
FEW_PICTURES = records(
    [0.699, 0.685, 0.659, 0.621, 0.592, 0.563, 0.534, 0.493, 0.461, 0.445],
    [0.692, 0.676, 0.658, 0.693, 0.650, 0.639, 0.647, 0.659, 0.666, 0.670],
    [0.50, 0.58, 0.61, 0.66, 0.67, 0.72, 0.73, 0.76, 0.78, 0.79],
    [0.56, 0.57, 0.60, 0.58, 0.63, 0.66, 0.66, 0.65, 0.64, 0.65],
)


def test_slow_training_whose_validation_has_turned_is_over_fitting_not_a_low_rate():
    config = recipe("conv-grid").config
    (reading,) = read(FEW_PICTURES, config, class_count=2, best_epoch=6)

    assert reading.kind is Kind.OVERFITTING
    assert "rises after epoch 6" in reading.sentence


def test_slow_training_without_validation_figures_has_a_low_rate():
    epochs = [{**record, "validation_loss": None} for record in FEW_PICTURES]
    assert kinds(epochs, recipe("conv-grid").config, class_count=2) == [Kind.RATE_TOO_LOW]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("length", [8, 18, 40])
def test_one_cycle_with_smoothed_labels_and_averaged_weights_is_fine(length, seed):
    """Training loss ends above the validation loss; early epochs of the average are at chance."""
    config = change_config(recipe("quick").config, {"training.epochs": length})
    rates = [learning_rate_at(config.training, step, length) for step in range(length)]
    training = course(length, 1.75, 0.65, speed=4)
    validation = course(length, 1.9, 0.35, speed=4)
    validation[0] = 2.4  # of random weights, all but
    epochs = curves(training, validation, seed, learning_rate=rates)

    assert config.training.schedule is Schedule.ONE_CYCLE
    assert kinds(epochs, config) == [Kind.FINE]


def test_transfer_that_settles_within_few_epochs_is_fine():
    epochs = records(
        [1.747, 0.505, 0.390, 0.282, 0.266, 0.244, 0.214, 0.198, 0.183, 0.196],
        [0.640, 0.449, 0.447, 0.434, 0.417, 0.413, 0.405, 0.405, 0.405, 0.405],
        [0.376, 0.806, 0.868, 0.893, 0.895, 0.916, 0.922, 0.930, 0.933, 0.928],
        [0.776, 0.842, 0.829, 0.860, 0.855, 0.847, 0.873, 0.864, 0.868, 0.868],
    )
    assert kinds(epochs, recipe("transfer").config) == [Kind.FINE]


def test_training_that_starts_late_is_not_dead():
    """The blocks of study 4 stay at chance on validation pictures for three epochs."""
    chance = [1.10, 1.10, 1.11]
    epochs = records(
        [0.9, 0.7, 0.6, 0.5, 0.45, 0.42, 0.40, 0.39, 0.385, 0.38],
        [*chance, 0.8, 0.6, 0.5, 0.46, 0.45, 0.44, 0.44],
        [0.6, 0.7, 0.75, 0.8, 0.82, 0.83, 0.84, 0.84, 0.85, 0.85],
        [0.33, 0.34, 0.33, 0.6, 0.75, 0.8, 0.82, 0.83, 0.83, 0.83],
    )
    assert kinds(epochs, recipe("cifar-blocks").config, class_count=3) == [Kind.FINE]


def test_wild_validation_curves_do_not_make_a_fine_run_over_fitted():
    """At most one fine run in fifty is called anything else, though validation is noisy."""
    wrong = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        length = int(rng.integers(8, 80))
        validation = course(length, CHANCE, 0.55)
        epochs = curves(course(length, CHANCE, 0.4), validation, seed, validation_noise=0.12)
        wrong += kinds(epochs) != [Kind.FINE]
    assert wrong <= 4


def test_one_spike_decides_nothing():
    epochs = fine(20, 0, np.random.default_rng(0))
    epochs[12]["validation_loss"] = 40.0
    epochs[12]["loss"] = 3.0

    assert kinds(epochs) == [Kind.FINE]


def test_standing_still_while_training_gets_better_is_over_fitting():
    length = 30
    training = course(length, CHANCE, 0.03, speed=4)
    validation = np.maximum(course(length, CHANCE, 0.6, speed=12), 0.6)
    (reading,) = read(curves(training, validation, 0))

    assert reading.kind is Kind.OVERFITTING
    assert "on the training pictures only" in reading.sentence


def test_a_loss_that_is_no_number_means_a_rate_too_high():
    epochs = fine(8, 0, np.random.default_rng(0))
    for broken in (math.nan, math.inf):
        epochs[5]["loss"] = broken
        (reading,) = read(epochs)
        assert reading.kind is Kind.RATE_TOO_HIGH
        assert "in epoch 6" in reading.sentence
        assert reading.changes["training.learning_rate"] == pytest.approx(1e-4)


def test_a_run_that_failed_before_its_first_epoch_is_read_by_its_end():
    assert kinds([], ending=Ending.EXPLODED) == [Kind.RATE_TOO_HIGH]
    (reading,) = read([], ending=Ending.BROKEN)
    assert reading.kind is Kind.TOO_SHORT
    assert not reading.changes


def test_dead_networks_of_uneven_classes_answer_with_the_largest_one():
    level = np.full(10, 0.55)
    epochs = records(level, level, np.full(10, 0.76), np.full(10, 0.75))
    config = recipe("catsdogs-basic").config

    (reading,) = read(epochs, config, class_count=2, majority_share=0.75)
    assert reading.kind is Kind.DEAD
    assert reading.changes["network.scaling"] == "unit"
    assert reading.changes["training.learning_rate"] == pytest.approx(1e-4)
    # the same accuracy among even classes has been learnt
    assert Kind.DEAD not in kinds(epochs, config, class_count=2, majority_share=0.5)


def test_standing_still_at_a_tiny_rate_is_not_death():
    epochs = dying(10, 0, np.random.default_rng(0))
    config = change_config(PLAIN, {"training.learning_rate": 1e-7})

    assert kinds(epochs, config) == [Kind.RATE_TOO_LOW]


def test_raw_pixels_are_scaled_before_anything_else_is_tried():
    epochs = too_small(20, 0, np.random.default_rng(0))
    (reading,) = read(epochs, recipe("catsdogs-augmented").config)

    assert dict(reading.changes) == {"network.scaling": "signed"}


def test_early_stopping_names_both_epochs_and_is_no_fault():
    config = change_config(PLAIN, {"training.epochs": 50, "training.early_stopping.patience": 5})
    epochs = fine(20, 0, np.random.default_rng(0))
    (reading,) = read(epochs, config, ending=Ending.EARLY, best_epoch=15)

    assert reading.kind is Kind.STOPPED_EARLY
    assert not reading.kind.is_fault
    assert "after epoch 20 of 50" in reading.sentence
    assert "epoch 15 is kept" in reading.sentence
    assert reading.changes["training.early_stopping.patience"] == 10


def test_early_stopping_and_over_fitting_are_both_told():
    epochs = over_fitting(20, 1, np.random.default_rng(1))
    config = change_config(PLAIN, {"training.early_stopping": True})

    assert kinds(epochs, config, ending=Ending.EARLY) == [Kind.OVERFITTING, Kind.STOPPED_EARLY]


def test_a_stop_by_the_user_is_told_without_a_change():
    (reading,) = read(fine(9, 0, np.random.default_rng(0)), ending=Ending.BY_USER, best_epoch=8)

    assert reading.kind is Kind.STOPPED_EARLY
    assert "after epoch 9 of 35" in reading.sentence
    assert not reading.changes


def test_while_a_run_goes_on_only_faults_are_told():
    going_on = {"ending": Ending.GOING_ON}

    assert kinds([], **going_on) == []
    assert kinds(fine(20, 0, np.random.default_rng(0)), **going_on) == []
    assert kinds(still_falling(10, 0, np.random.default_rng(0)), **going_on) == []
    assert kinds(too_low(10, 0, np.random.default_rng(0)), **going_on) == []
    assert kinds(over_fitting(20, 0, np.random.default_rng(0)), **going_on) == [Kind.OVERFITTING]


def test_few_epochs_are_not_judged():
    for length in range(LEAST_EPOCHS):
        epochs = STUDY_3[:length]
        assert kinds(epochs, class_count=2) == [Kind.TOO_SHORT]


def test_a_fine_tuning_that_makes_things_worse_gets_a_lower_rate_of_its_own():
    config = change_config(recipe("transfer").config, {"training.fine_tuning": True})
    epochs = fine(10, 0, np.random.default_rng(0))
    worse = records([0.9] * 3, [1.4, 1.2, 1.1], [0.6] * 3, [0.5] * 3, fine_tuning=[1.0] * 3)
    for record in worse:
        record["epoch"] += 10
    (reading,) = read([*epochs, *worse], config)

    assert reading.kind is Kind.RATE_TOO_HIGH
    assert dict(reading.changes) == {"training.fine_tuning.learning_rate": pytest.approx(1e-6)}
    for record in worse:
        record["validation_loss"] = 0.5
    assert kinds([*epochs, *worse], config) == [Kind.FINE]


TUNED = change_config(recipe("transfer").config, {"training.fine_tuning": True})
GENTLER = {"training.fine_tuning.learning_rate": pytest.approx(1e-6)}


def tuned_epochs(count):
    tuning = records([0.4] * count, [0.5] * count, [0.8] * count, [0.8] * count)
    return [
        {**record, "epoch": TUNED.training.epochs + record["epoch"], "fine_tuning": 1.0}
        for record in tuning
    ]


@pytest.mark.parametrize("finished", [0, 1, 3])
def test_a_loss_that_explodes_in_the_fine_tuning_is_blamed_on_its_own_rate(finished):
    """The training breaks off within a batch, so the epoch that exploded is not recorded."""
    main = fine(TUNED.training.epochs, 0, np.random.default_rng(0))
    (reading,) = read([*main, *tuned_epochs(finished)], TUNED, ending=Ending.EXPLODED)

    assert reading.kind is Kind.RATE_TOO_HIGH
    assert reading.sentence == "The loss became infinite or no number at all."
    assert dict(reading.changes) == GENTLER


def test_a_recorded_explosion_of_the_fine_tuning_is_read_once_with_its_epoch():
    tuning = tuned_epochs(2)
    tuning[1]["loss"] = math.nan
    main = fine(TUNED.training.epochs, 0, np.random.default_rng(0))
    (reading,) = read([*main, *tuning], TUNED, ending=Ending.EXPLODED)

    assert f"in epoch {TUNED.training.epochs + 2}" in reading.sentence
    assert dict(reading.changes) == GENTLER


def test_a_loss_that_explodes_before_the_fine_tuning_is_blamed_on_the_main_rate():
    main = fine(TUNED.training.epochs, 0, np.random.default_rng(0))[:-1]
    (reading,) = read(main, TUNED, ending=Ending.EXPLODED)

    assert "training.learning_rate" in reading.changes


def test_a_poor_run_that_was_stopped_early_is_given_patience_instead_of_epochs():
    """With more epochs it would end at the same one."""
    config = change_config(PLAIN, {"training.early_stopping.patience": 4})
    loss = np.linspace(CHANCE, 0.8 * CHANCE, 12) - 0.1 * np.linspace(0, 1, 12) ** 2
    epochs = records(loss, loss + 0.02, accuracy_of(loss), accuracy_of(loss))
    config = change_config(config, {"training.learning_rate": 0.1})  # no room for a higher one
    reading, ended = read(epochs, config, ending=Ending.EARLY)

    assert reading.kind is Kind.UNDERFITTING
    assert dict(reading.changes) == {"training.early_stopping.patience": 8}
    assert ended.kind is Kind.STOPPED_EARLY
    assert not ended.changes  # once is enough
    (planned,) = read(epochs, config)
    assert dict(planned.changes) == {"training.epochs": 70}


def test_records_of_other_programs_may_lack_figures():
    for missing in ("validation_loss", "loss", "accuracy", "validation_accuracy"):
        epochs = over_fitting(12, 0, np.random.default_rng(0))
        for record in epochs:
            del record[missing]
        assert len(read(epochs)) == 1
    assert kinds([{"epoch": number} for number in range(1, 9)], class_count=None) == [
        Kind.TOO_SHORT
    ]
    nothing = [{"epoch": number, "loss": None} for number in range(1, 9)]
    assert len(read(nothing, class_count=None)) == 1


@pytest.mark.parametrize("class_count", [1, 2, 1000, None])
@pytest.mark.parametrize("name", RECIPES)
def test_every_correction_is_a_valid_configuration_of_every_recipe(name, class_count):
    """And of the configuration that comes out of it, again and again."""
    for family in FAMILIES:
        for ending in Ending:
            config = recipe(name).config
            for seed in range(4):
                epochs = family(12, seed, np.random.default_rng(seed))
                if ending is Ending.EXPLODED:
                    epochs[-1]["loss"] = math.nan
                for reading in read_curves(
                    epochs, config, ending=ending, class_count=class_count, best_epoch=3
                ):
                    assert reading.sentence
                    assert bool(reading.changes) == bool(reading.label)
                    changed = change_config(config, reading.changes)
                    assert (changed != config) == bool(reading.changes)
                    config = changed


def test_chance_is_the_larger_one_of_even_and_majority():
    about = Circumstances(config=PLAIN, ending=Ending.PLANNED, class_count=4, majority_share=0.7)

    assert about.chance == 0.7
    assert about.chance_loss == pytest.approx(math.log(4))
    assert about.skill(0.7) == 0
    assert about.skill(1.0) == pytest.approx(1)
