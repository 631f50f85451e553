"""Sweeps in the store: what was asked for, and what came of each trial.

Pages and commands make, stop, resume and extend sweeps. The scheduler alone makes their trials.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from cnnlab.config import RunConfig
from cnnlab.errors import RunError
from cnnlab.runs import jobs, runs
from cnnlab.runs.schema import datasets, sweep_trials, sweeps
from cnnlab.runs.store import Store
from cnnlab.tuning.plan import MOST_TRIALS, SweepPlan, parse_plan
from cnnlab.tuning.records import Sweep, SweepState, Trial, TrialState
from cnnlab.tuning.space import Values

MOST_NAME = 120
STOPPED_MEANWHILE = "sweep-stopped"  # the reason of an error


def submit_sweep(store: Store, dataset_id: str, plan: SweepPlan, *, name: str = "") -> str:
    """Ask for a sweep; the scheduler makes its trials. Returns its id.

    Args:
        store: Of the workspace.
        dataset_id: What to train on.
        plan: As `parse_plan` gives it.
        name: For people; by default the recipe's.
    """
    sweep_id = f"sweep-{secrets.token_hex(3)}"
    with store.write() as connection:
        connection.execute(
            insert(sweeps).values(
                id=sweep_id,
                name=(name.strip() or plan.base.recipe)[:MOST_NAME],
                dataset_id=dataset_id,
                plan=plan.to_json(),
                state=SweepState.RUNNING,
                wanted=plan.trials,
                created_at=time.time(),
            )
        )
    return sweep_id


def get_sweep(store: Store, sweep_id: str) -> Sweep:
    """The sweep with this id.

    Raises:
        RunError: If there is none.
    """
    sweep = find_sweep(store, sweep_id)
    if sweep is None:
        raise RunError(
            "unknown-sweep",
            f"There is no sweep {sweep_id!r} in this workspace. The page Tune and `cnnlab sweeps` "
            "name those there are.",
        )
    return sweep


def find_sweep(store: Store, sweep_id: str) -> Sweep | None:
    """The sweep with this id, or None."""
    with store.read() as connection:
        row = connection.execute(_sweeps().where(sweeps.c.id == sweep_id)).one_or_none()
    return None if row is None else _sweep(row)


def list_sweeps(store: Store, *, dataset_id: str | None = None) -> list[Sweep]:
    """Sweeps, newest first; those that are about to be deleted are left out."""
    query = _sweeps().where(sweeps.c.delete_requested_at.is_(None))
    if dataset_id is not None:
        query = query.where(sweeps.c.dataset_id == dataset_id)
    with store.read() as connection:
        rows = connection.execute(query.order_by(sweeps.c.created_at.desc())).all()
    return [_sweep(row) for row in rows]


def sweep_at_work(store: Store) -> Sweep | None:
    """The oldest sweep that is not finished: the one that makes trials now."""
    query = _sweeps().where(
        sweeps.c.state == SweepState.RUNNING, sweeps.c.delete_requested_at.is_(None)
    )
    with store.read() as connection:
        row = connection.execute(query.order_by(sweeps.c.created_at).limit(1)).one_or_none()
    return None if row is None else _sweep(row)


def list_trials(store: Store, sweep_id: str) -> list[Trial]:
    """Every trial of a sweep, in the order of their numbers."""
    query = select(sweep_trials).where(sweep_trials.c.sweep_id == sweep_id)
    with store.read() as connection:
        rows = connection.execute(query.order_by(sweep_trials.c.number)).all()
    return [_trial(row) for row in rows]


def stop_sweep(store: Store, sweep_id: str, *, message: str | None = None) -> bool:
    """Ask a sweep to make no more trials, and those at work to end. False if it does not run.

    What is trained goes on from its last epoch when the sweep is resumed.
    """
    get_sweep(store, sweep_id)
    with store.write() as connection:
        changed = _change_state(
            connection,
            sweep_id,
            (SweepState.RUNNING,),
            state=SweepState.STOPPED,
            finished_at=time.time(),
            message=message or "Stopped by request.",
        )
        if changed:
            connection.execute(
                update(sweep_trials)
                .where(
                    sweep_trials.c.sweep_id == sweep_id,
                    sweep_trials.c.state == TrialState.RUNNING,
                )
                .values(state=TrialState.PAUSED)
            )
    if changed:
        stop_paused(store, sweep_id)
    return changed


def stop_paused(store: Store, sweep_id: str) -> None:
    """Ask the runs of paused trials to end."""
    for trial in list_trials(store, sweep_id):
        if trial.state is TrialState.PAUSED and trial.run_id is not None:
            job = runs.get_run(store, trial.run_id).job
            if not job.state.final and job.stop_requested_at is None:
                jobs.request_stop(store, job.id)


def resume_sweep(store: Store, sweep_id: str) -> None:
    """Let a stopped sweep go on, with the trials that it left first.

    Raises:
        RunError: If there is no such sweep, or it is not stopped.
    """
    sweep = get_sweep(store, sweep_id)
    with store.write() as connection:
        if not _change_state(
            connection,
            sweep_id,
            (SweepState.STOPPED,),
            state=SweepState.RUNNING,
            finished_at=None,
            message=None,
        ):
            raise RunError(
                "not-resumable",
                f"Only a stopped sweep can be resumed. Received: {sweep_id!r}, which is "
                f"{sweep.state}."
                + (" Extend it instead." if sweep.state is SweepState.COMPLETED else ""),
            )


def extend_sweep(store: Store, sweep_id: str, trials: int) -> Sweep:
    """Let a sweep make more trials.

    Args:
        store: Of the workspace.
        sweep_id: The sweep, whatever its state.
        trials: How many more.

    Raises:
        RunError: If there is no such sweep, its space has no more combinations, or there would be
            too many trials.
    """
    sweep = get_sweep(store, sweep_id)
    most = min(MOST_TRIALS, sweep.plan.search_space.combinations or MOST_TRIALS)
    if trials < 1 or sweep.wanted + trials > most:
        raise RunError(
            "cannot-extend",
            f"The sweep has {sweep.wanted:,} trials, and its space allows {most:,}. "
            f"Received: {trials:,} more.",
        )
    with store.write() as connection:
        connection.execute(
            update(sweeps)
            .where(sweeps.c.id == sweep_id)
            .values(
                wanted=sweep.wanted + trials,
                state=SweepState.RUNNING,
                finished_at=None,
                message=None,
            )
        )
    return get_sweep(store, sweep_id)


def complete_sweep(store: Store, sweep_id: str, wanted: int) -> bool:
    """Note that a sweep has made all its trials; False if it is to make more, or was stopped."""
    with store.write() as connection:
        changed = connection.execute(
            update(sweeps)
            .where(
                sweeps.c.id == sweep_id,
                sweeps.c.state == SweepState.RUNNING,
                sweeps.c.wanted == wanted,
            )
            .values(state=SweepState.COMPLETED, finished_at=time.time())
        )
        return changed.rowcount == 1


def begin_trial(
    store: Store, sweep: Sweep, number: int, fields: Values, config: RunConfig, *, threads: int
) -> str | None:
    """Make a trial and its run; returns the run's id, or None if the trial is there already.

    Raises:
        RunError: If the sweep has been stopped meanwhile ("sweep-stopped").
    """
    with store.write() as connection:
        if _exists(connection, sweep.id, number):
            return None
        state = connection.execute(select(sweeps.c.state).where(sweeps.c.id == sweep.id)).scalar()
        if state != SweepState.RUNNING:
            raise RunError(STOPPED_MEANWHILE, f"The sweep {sweep.id!r} makes no trials any more.")
        run_id = runs.insert_run(
            connection, sweep.dataset_id, config, sweep_id=sweep.id, threads=threads
        )
        connection.execute(
            insert(sweep_trials).values(
                sweep_id=sweep.id,
                number=number,
                run_id=run_id,
                fields=fields,
                state=TrialState.RUNNING,
                begun_at=time.time(),
            )
        )
    return run_id


def note_impossible(store: Store, sweep_id: str, number: int, fields: Values, message: str) -> None:
    """Note a trial whose network cannot be made, unless the trial is there already."""
    now = time.time()
    with store.write() as connection:
        if not _exists(connection, sweep_id, number):
            connection.execute(
                insert(sweep_trials).values(
                    sweep_id=sweep_id,
                    number=number,
                    fields=fields,
                    state=TrialState.PRUNED,
                    begun_at=now,
                    finished_at=now,
                    message=message,
                )
            )


def go_on(store: Store, sweep_id: str, trial: Trial) -> None:
    """Let an open trial's run go on, unless the sweep is stopped meanwhile."""
    running = select(sweeps.c.id).where(
        sweeps.c.id == sweep_id, sweeps.c.state == SweepState.RUNNING
    )
    with store.write() as connection:
        changed = connection.execute(
            update(sweep_trials)
            .where(
                sweep_trials.c.sweep_id == sweep_id,
                sweep_trials.c.number == trial.number,
                sweep_trials.c.state.in_([each for each in TrialState if each.open]),
                running.exists(),
            )
            .values(state=TrialState.RUNNING)
        )
    if changed.rowcount == 1:
        runs.resume_run(store, str(trial.run_id), by_sweep=True)
        if get_sweep(store, sweep_id).state is not SweepState.RUNNING:
            stop_paused(store, sweep_id)


def finish_trial(
    store: Store,
    sweep_id: str,
    number: int,
    state: TrialState,
    results: Sequence[float] | None = None,
    *,
    message: str | None = None,
) -> bool:
    """Give an open trial its result; False if it has one."""
    with store.write() as connection:
        changed = connection.execute(
            update(sweep_trials)
            .where(
                sweep_trials.c.sweep_id == sweep_id,
                sweep_trials.c.number == number,
                sweep_trials.c.state.in_([each for each in TrialState if each.open]),
            )
            .values(
                state=state,
                results=None if results is None else list(results),
                finished_at=time.time(),
                message=message,
            )
        )
        return changed.rowcount == 1


def request_delete(store: Store, sweep_id: str) -> None:
    """Ask the scheduler to delete a sweep; its runs stay.

    Raises:
        RunError: If there is no such sweep, or it makes trials.
    """
    if get_sweep(store, sweep_id).state is SweepState.RUNNING:
        raise RunError("sweep-active", f"The sweep {sweep_id!r} is running. Stop it first.")
    with store.write() as connection:
        connection.execute(
            update(sweeps).where(sweeps.c.id == sweep_id).values(delete_requested_at=time.time())
        )


def sweeps_to_delete(store: Store) -> list[str]:
    """Ids of the sweeps whose deletion was asked for."""
    query = select(sweeps.c.id).where(sweeps.c.delete_requested_at.is_not(None))
    with store.read() as connection:
        return list(connection.execute(query).scalars())


def forget_sweep(store: Store, sweep_id: str) -> None:
    """Delete a sweep's rows."""
    with store.write() as connection:
        connection.execute(delete(sweep_trials).where(sweep_trials.c.sweep_id == sweep_id))
        connection.execute(delete(sweeps).where(sweeps.c.id == sweep_id))


def _sweeps() -> Select[Any]:
    return select(sweeps, datasets.c.name.label("dataset_name")).join(
        datasets, sweeps.c.dataset_id == datasets.c.id
    )


def _exists(connection: Connection, sweep_id: str, number: int) -> bool:
    query = select(func.count()).where(
        sweep_trials.c.sweep_id == sweep_id, sweep_trials.c.number == number
    )
    return bool(connection.execute(query).scalar_one())


def _change_state(
    connection: Connection, sweep_id: str, from_states: Sequence[SweepState], **values: Any
) -> bool:
    changed = connection.execute(
        update(sweeps)
        .where(sweeps.c.id == sweep_id, sweeps.c.state.in_(from_states))
        .values(**values)
    )
    return changed.rowcount == 1


def _sweep(row: Row[Any]) -> Sweep:
    plan: Mapping[str, Any] = row.plan
    return Sweep(
        id=row.id,
        name=row.name,
        dataset_id=row.dataset_id,
        dataset_name=row.dataset_name,
        plan=parse_plan(plan),
        state=SweepState(row.state),
        wanted=row.wanted,
        created_at=row.created_at,
        finished_at=row.finished_at,
        message=row.message,
    )


def _trial(row: Row[Any]) -> Trial:
    return Trial(
        number=row.number,
        run_id=row.run_id,
        fields=row.fields,
        state=TrialState(row.state),
        results=None if row.results is None else tuple(row.results),
        begun_at=row.begun_at,
        finished_at=row.finished_at,
        message=row.message,
    )
