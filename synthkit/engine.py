"""The one way through: from real tables to judged synthetic ones."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydantic

from synthkit import checkpoints, model, selftest
from synthkit.context import Context
from synthkit.dataset import Dataset
from synthkit.errors import NothingEvaluatedError, PluginError, UsageError
from synthkit.evaluation import Evaluation
from synthkit.evaluator import Evaluator
from synthkit.folders import appearing
from synthkit.format import Format
from synthkit.formulas import escaped, formula_cells
from synthkit.gates import CORE_METRICS, STRICT_GATES, Gate, Verdict, built_in_gates, evaluator_of, judge
from synthkit.given_rows import read_rows
from synthkit.guard import Guard
from synthkit.material import Material, fingerprint, read, read_like, split_parts
from synthkit.model import Model
from synthkit.plan import Plan
from synthkit.plugins import Plugin, Registry
from synthkit.record import peak_memory_mb, run_folder, verify_tables, versions, write_record, write_tables
from synthkit.repeats import combined
from synthkit.report import Figure, Report, Sides, by_column, figures, write_plots, write_report
from synthkit.run import Run, read_run
from synthkit.samples import Request, Sampling, failures_of, meeting, refuse_unjudged
from synthkit.scan import RealStrings, refuse_leaks
from synthkit.scores import Failure, Score
from synthkit.selftest import SelfTest
from synthkit.split import split
from synthkit.steps import Observer, Steps
from synthkit.synthesizer import Synthesizer

EXAMPLE_ROWS = 10_000
_RANDOM = ("split", "fit", "sample", "restore", "evaluate")


def execute(plan: Plan, registry: Registry, observer: Observer | None = None) -> Run:
    """Read, split, guard, fit, sample, restore, verify, evaluate, judge and write, into ``plan.out``.

    The folder appears whole, at the end, or not at all. With ``plan.repeats``, all from guard to evaluate is done
    with as many seeds, on the same split and with the same seed for the evaluators; what is written is the first,
    which is what a run without repeats makes, and what is judged is all of them (``repeats.combined``).

    Raises:
        SynthkitError: whatever stops the way; its class says what.
    """
    steps = Steps(observer or Observer())
    plugin, writer = _plugin(plan, registry), _format(plan, registry)
    synthesizer, evaluators = _made(plugin, plan), _evaluators(plan, registry)
    refuse_unjudged(plan, synthesizer)
    seeds, out = _seeds(plan.seed), run_folder(plan.out, plugin.name, plan.seed, registry.usable("format"))
    with appearing(out, overwrite=plan.overwrite) as stage:
        material = _material(plan, plugin, registry, seeds, steps)
        asked = Request.read(plan, 0, material.training.schema)
        parts = (meeting(material.training, asked.where, plan.k), meeting(material.holdout, asked.where, plan.k))
        evaluation = Evaluation(evaluators, *parts, parts, seeds["evaluate"])
        fitted, synthetic, first = _once(plan, synthesizer, material, evaluation, steps, 0)
        others = (_once(plan, _made(plugin, plan), material, evaluation, steps, i)[2] for i in range(1, plan.repeats))
        results = combined((first, *others))
        with steps("judge"):
            verdicts = () if plan.no_gates else _judged(_gates(plan, evaluators), results)
        with steps("report") as context:
            sides = Sides(evaluation.real, synthetic, evaluation.holdout, fitted.guard.k, by_column(results))
            drawn = _drawn(stage, sides, plan, context)
        with steps("write") as context:
            _write(stage / "data", synthetic, f"{plugin.name}_{fitted.rows}", (writer, plan.csv_safe), context)
            _saved(fitted, stage / "model")
            refuse_leaks(stage, strings := RealStrings(material.real, fitted.guard.k))
        run = replace(
            _run("run", plan, plugin, steps, fitted, synthetic),
            source=material.source,
            results=results,
            verdicts=verdicts,
            judged=not plan.no_gates,
            repeats=plan.repeats,
        )
        with steps("report"):
            rows = dict(zip(("training", "holdout"), (part.rows for part in parts), strict=True))
            run = _reported(stage, Report(run, synthetic.schema, drawn, rows), registry)
        write_record(stage, run, synthetic.schema)
        refuse_leaks(stage, strings, stage.iterdir())  # the record says how long all that took, so it comes last
    checkpoints.forget(checkpoints.place(plan, synthesizer, material))
    return _announced(replace(run, folder=out), registry)


def fit(plan: Plan, registry: Registry, observer: Observer | None = None) -> Path:
    """Read, split, guard and fit, and save the model into ``plan.out``.

    Raises:
        SynthkitError: whatever stops the way; its class says what.
    """
    if plan.out is None:
        raise UsageError("no folder for the model is named", "add --out MODEL")
    steps, seeds = Steps(observer or Observer()), _seeds(plan.seed)
    plugin = _plugin(plan, registry)
    synthesizer = _made(plugin, plan)
    with appearing(plan.out, overwrite=plan.overwrite) as stage:
        material = _material(plan, plugin, registry, seeds, steps)
        fitted = _fitted(plan, synthesizer, material, seeds, steps)
        with steps("write"):
            _saved(fitted, stage)
            refuse_leaks(stage, RealStrings(material.real, fitted.guard.k))
    checkpoints.forget(checkpoints.place(plan, synthesizer, material))
    return plan.out


def sample(
    folder: Path, plan: Plan, registry: Registry, observer: Observer | None = None, *, trust: bool = False
) -> Run:
    """Draw from a saved model and write the tables into ``plan.out``; nothing is judged.

    With ``plan.where``, ``plan.balance`` or ``plan.given`` only such subjects as these say.

    Raises:
        SynthkitError: whatever stops the way; its class says what.
    """
    steps = Steps(observer or Observer())
    writer, fitted = _format(plan, registry), _loaded(folder, registry, steps, trust=trust)
    plugin, schema = registry.find("synthesizer", fitted.synthesizer.name), fitted.guard.schema
    out = run_folder(plan.out, plugin.name, plan.seed, registry.usable("format"))
    with appearing(out, overwrite=plan.overwrite) as stage:
        with steps("read") as context:
            frame = None if plan.given is None else read_rows(plan.given, schema, registry, context)
        request = Request.read(plan, plan.rows or fitted.rows, schema, frame)
        synthetic = Sampling(fitted, _seeds(plan.seed), steps, None).of(request)
        with steps("write") as context:
            _write(stage / "data", synthetic, f"{plugin.name}_{request.rows}", (writer, plan.csv_safe), context)
        run = replace(_run("sample", plan, plugin, steps, fitted, synthetic), judged=False)
        run = _reported(stage, Report(run, synthetic.schema), registry)
        write_record(stage, run, synthetic.schema)
    return _announced(replace(run, folder=out), registry)


def impute(
    folder: Path, data: Path, plan: Plan, registry: Registry, observer: Observer | None = None, *, trust: bool = False
) -> Run:
    """Fill the empty cells of the subjects in ``data`` with draws from a saved model, and write them into ``plan.out``.

    Raises:
        SynthkitError: whatever stops the way; its class says what.
    """
    steps = Steps(observer or Observer())
    writer, fitted = _format(plan, registry), _loaded(folder, registry, steps, trust=trust)
    plugin = registry.find("synthesizer", fitted.synthesizer.name)
    out = run_folder(plan.out, plugin.name, plan.seed, registry.usable("format"))
    with appearing(out, overwrite=plan.overwrite) as stage:
        with steps("read") as context:
            frame = read_rows(data, fitted.guard.schema, registry, context)
        filled = Sampling(fitted, _seeds(plan.seed), steps, None).filled(frame)
        with steps("write") as context:
            label = f"{plugin.name}_{len(frame)}"
            _write(stage / "data", filled, label, (writer, plan.csv_safe), context)
        run = replace(_run("impute", plan, plugin, steps, fitted, filled), judged=False)
        write_record(stage, run, filled.schema)
    return _announced(replace(run, folder=out), registry)


def evaluate(real: Path, synthetic: Path, plan: Plan, registry: Registry, observer: Observer | None = None) -> Run:
    """Score and judge a synthetic folder against a real one, whoever made it; nothing is written.

    Raises:
        SynthkitError: whatever stops the way; its class says what.
    """
    steps, seeds = Steps(observer or Observer()), _seeds(plan.seed)
    evaluators = _evaluators(plan, registry)
    with steps("read") as context:
        original = read(plan.model_copy(update={"data": real}), registry, context)
        made = read_like(synthetic, original.schema, registry, context)
        given = plan.holdout if isinstance(plan.holdout, Path) else None
        holdout = read_like(given, original.schema, registry, context) if given else None
    with steps("split"):
        halves = (original, holdout) if holdout else split(original, 0.5, seeds["split"])[:2]
    with steps("evaluate") as context:
        usable = [e for e in evaluators if holdout is not None or not e.needs_holdout]
        results = Evaluation(usable, original, holdout, halves, seeds["evaluate"]).results(made, context)
    with steps("judge"):
        gates = built_in_gates(plan.gate_set, (e.name for e in evaluators), fresh_keys=False) | plan.gates
        idle = {e.name for e in evaluators if e not in usable}
        verdicts = () if plan.no_gates else _judged(gates, results, idle)
    about = {"name": real.name, "rows": original.rows, "fingerprint": fingerprint(original)}
    run = Run(
        "evaluate", plan.seed, rows=made.rows, source=about,
        versions=versions(()), timings=steps.timings, peak_memory_mb=peak_memory_mb(), results=results,
        verdicts=verdicts, judged=not plan.no_gates, notes=tuple(steps.notes),
    )  # fmt: skip
    return _announced(run, registry)


def rejudge(folder: Path, plan: Plan) -> Run:
    """Judge a finished run again with the gates of the plan; nothing is computed or written anew.

    Raises:
        UsageError: there is no finished run in that folder.
        DataError: its record is damaged.
        NothingEvaluatedError: there is nothing to judge.
    """
    run = read_run(folder)
    gates = built_in_gates(plan.gate_set, (evaluator_of(result.metric) for result in run.results)) | plan.gates
    return replace(run, verdicts=_judged(gates, run.results), judged=True)


def self_test(plan: Plan, registry: Registry, observer: Observer | None = None) -> SelfTest:
    """Put the gates of the plan on trial with its own real data; nothing is written.

    Raises:
        SynthkitError: whatever stops the way; its class says what.
    """
    steps, evaluators = Steps(observer or Observer()), _evaluators(plan, registry)
    with steps("read") as context:
        real = read(plan, registry, context)
    with steps("self-test") as context:
        gates = built_in_gates(plan.gate_set, (e.name for e in evaluators), fresh_keys=False) | plan.gates
        return selftest.self_test(real, evaluators, gates, registry, seed=plan.seed, context=context)


def _seeds(seed: int, repeat: int = 0) -> dict[str, int]:
    sequence = np.random.SeedSequence(seed, spawn_key=(repeat,) if repeat else ())
    return dict(zip(_RANDOM, sequence.generate_state(len(_RANDOM)).tolist(), strict=True))


def _plugin(plan: Plan, registry: Registry) -> Plugin:
    if plan.plugin is not None:
        return registry.find("synthesizer", plan.plugin)
    defaults = [cls.name for cls in registry.usable("synthesizer") if cls.default]
    if len(defaults) != 1:
        names = ", ".join(registry.names("synthesizer"))
        raise UsageError("no plugin is chosen", f"add --plugin NAME, one of {names}")
    return registry.find("synthesizer", defaults[0])


def _format(plan: Plan, registry: Registry) -> Format:
    made: Format = registry.find("format", plan.format).cls()
    return made


def _made(plugin: Plugin, plan: Plan) -> Synthesizer:
    options: type[pydantic.BaseModel] = plugin.cls.Options
    try:
        made: Synthesizer = plugin.cls(options(**plan.options))
    except pydantic.ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = list(options.model_fields)
            near = difflib.get_close_matches(name, known, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none'}"
            raise UsageError(f"{plugin.name} has no option {name!r}", remedy) from None
        problem = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{plugin.name}: {f'{name}: ' if name else ''}{problem}", "correct it") from None
    return made


def _evaluators(plan: Plan, registry: Registry) -> list[Evaluator]:
    """Those asked for, or the default ones and those that its gates need; judging nothing must be asked for."""
    if plan.evaluators == ("none",):
        if not plan.no_gates:
            raise UsageError("without evaluators there is nothing to judge", "add --no-gates")
        return []
    if plan.evaluators in (None, ("all",)):
        named = {evaluator_of(gate) for gate in (*plan.gates, *(STRICT_GATES if plan.gate_set == "strict" else ()))}
        usable = [cls() for cls in registry.usable("evaluator") if plan.evaluators or cls.default or cls.name in named]
        if not (usable or plan.no_gates):
            needs = dict.fromkeys(p.needs for p in registry.plugins if p.kind == "evaluator" and p.needs)
            raise NothingEvaluatedError("no evaluator can be used here", f"{' or '.join(needs)}, or add --no-gates")
        return usable
    return [registry.find("evaluator", name).cls() for name in plan.evaluators]


def _material(plan: Plan, plugin: Plugin, registry: Registry, seeds: Mapping[str, int], steps: Steps) -> Material:
    with steps("read") as context:
        real = read(plan, registry, context)
    with steps("split") as context:
        return split_parts(plan, real, registry, seeds["split"], context).fitting(plugin, plan.table, context)


def _once(
    plan: Plan, made: Synthesizer, material: Material, evaluation: Evaluation, steps: Steps, repeat: int
) -> tuple[Model, Dataset, tuple[Score | Failure, ...]]:
    """Fit, sample and score with the seeds of one repeat; only the first, whose tables are written, leaves notes."""
    seeds, told = _seeds(plan.seed, repeat), f" {repeat + 1}/{plan.repeats}" if plan.repeats > 1 else ""
    steps = replace(steps, repeat=told, notes=[] if repeat else steps.notes)
    fitted = _fitted(plan, made, material, seeds, steps)
    request = Request.read(plan, fitted.rows, fitted.guard.schema)
    synthetic = Sampling(fitted, seeds, steps, material.real).of(request)
    with steps("evaluate") as context:
        return fitted, synthetic, evaluation.results(synthetic, context)


def _fitted(plan: Plan, made: Synthesizer, material: Material, seeds: Mapping[str, int], steps: Steps) -> Model:
    training, real = material.training, material.real
    rows = plan.rows or (EXAMPLE_ROWS if plan.data is None else material.source["rows"][training.subject])
    sizes = _shared_sizes(training)
    with steps("guard") as context:
        guard = Guard.learn(training, real=real, locale=plan.locale, k=plan.k, rare=plan.rare)
        protected = guard.protect(training)
        refusals = list(made.refusals(protected.schema))
        if refusals:
            raise PluginError(f"{made.name} cannot learn these tables: {refusals[0]}")
        guard.check_capacity({**sizes, training.subject: rows})
    with steps("fit") as context, failures_of(made.name, "fit"):
        kept = checkpoints.place(plan, made, material) / str(seeds["fit"])
        checkpoints.prepare(context, plan, kept)
        with checkpoints.told(kept):
            made.fit(protected, seed=seeds["fit"], context=context)
    return Model(made, guard, made.options.model_dump(mode="json"), plan.seed, rows, sizes)


def _drawn(stage: Path, sides: Sides, plan: Plan, context: Context) -> tuple[Figure, ...]:
    """Count what the report shows, and draw it into ``plots``."""
    counted = tuple(figures(sides, context))
    (stage / "plots").mkdir()
    write_plots(counted, stage / "plots", context=context, form=plan.plots)
    return counted


def _reported(stage: Path, report: Report, registry: Registry) -> Run:
    """Write the report, with the sections of plugins; the run then names those that failed."""
    sections, notes = registry.sections(report.run)
    run = replace(report.run, notes=(*report.run.notes, *notes))
    write_report(stage, replace(report, run=run, sections=sections))
    return run


def _loaded(folder: Path, registry: Registry, steps: Steps, *, trust: bool) -> Model:
    with steps("read") as context:
        if trust:
            context.note("the model's signature was not verified (--unsafe-load)")
        with failures_of("the plugin of the model", "load"):
            return model.load(folder, registry, trust=trust)


def _saved(fitted: Model, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with failures_of(fitted.synthesizer.name, "save"):
        model.save(fitted, folder)


def _write(folder: Path, synthetic: Dataset, label: str, form: tuple[Format, bool], context: Context) -> None:
    """Write the tables, escape formulas where that was asked for, and compare what the files say."""
    writer, safe = form
    for place, count in formula_cells(synthetic).items() if not writer.typed else ():
        told = "an apostrophe escapes them" if safe else "spreadsheets may execute them; --csv-safe escapes them"
        context.note(f"{place}: {count:,} cells begin like a formula; {told}")
    made = escaped(synthetic) if safe and not writer.typed else synthetic
    write_tables(folder, made, label, writer)
    verify_tables(folder, made, label, writer)


def _shared_sizes(training: Dataset) -> dict[str, int]:
    owned = training.schema.owned_by(training.subject)
    related = {key.table for key in training.schema.foreign_keys if key.parent in owned}
    return {name: rows for name, rows in training.rows.items() if name not in owned and name not in related}


def _gates(plan: Plan, evaluators: Iterable[Evaluator]) -> dict[str, Gate]:
    return built_in_gates(plan.gate_set, (evaluator.name for evaluator in evaluators)) | plan.gates


def _judged(
    gates: Mapping[str, Gate], results: tuple[Score | Failure, ...], idle: Collection[str] = ()
) -> tuple[Verdict, ...]:
    """The verdicts; gates of evaluators that could not be asked, for want of a holdout, do not apply."""
    if all(result.metric.partition(".")[0] in CORE_METRICS or _not_applicable(result) for result in results):
        remedy = "add --holdout, or choose other --evaluators" if idle else "choose --evaluators"
        raise NothingEvaluatedError("no evaluator gave a score", f"{remedy}, or add --no-gates")
    verdicts = judge({name: gate for name, gate in gates.items() if name.split(".")[0] not in idle}, results)
    reason = "needs a holdout; add --holdout"
    return (*verdicts, *(Verdict(n, "not applicable", reason=reason) for n in gates if n.split(".")[0] in idle))


def _not_applicable(result: Score | Failure) -> bool:
    return isinstance(result, Failure) and not result.applicable


def _run(command: str, plan: Plan, plugin: Plugin, steps: Steps, fitted: Model, synthetic: Dataset) -> Run:
    return Run(
        command, plan.seed, plugin.name, plugin.licence, fitted.options, synthetic.rows, timings=steps.timings,
        versions=versions(fitted.synthesizer.requires), peak_memory_mb=peak_memory_mb(), notes=tuple(steps.notes),
        guard={"k": fitted.guard.k, "locale": fitted.guard.locale, "rare": fitted.guard.rare},
    )  # fmt: skip


def _announced(run: Run, registry: Registry) -> Run:
    registry.manager.hook.synthkit_run_finished(run=run)
    return run
