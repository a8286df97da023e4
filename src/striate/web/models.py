"""Between runs and model files: what a run has learned, and what a model says of its training."""

from __future__ import annotations

from striate.errors import ArgumentError
from striate.train.model import Model
from striate.train.steps import Steps, check_finite
from striate.web.messages import SETTINGS
from striate.web.run import Run
from striate.web.settings import NESTEROV, Settings


def model_of(run: Run) -> Model:
    """What a run has learned so far; in the training thread."""
    program, steps = run.awake(), run.steps
    check_finite(program, f"in {run.name}")
    material, notes = run.material, run.settings.to_notes()
    if material is not None:
        drawn = material.splits.test is None
        notes |= {"data": material.name, "fingerprint": material.fingerprint if drawn else None}
        notes |= {"images": len(material.parts.train), "pixels": str(material.parts.train.images.dtype)}
    return Model(
        network=run.network,
        parameters=program.parameters(),
        classes=run.classes,
        preprocessing=program.preprocessing,
        loss=program.loss,
        notes={**notes, "epochs": run.time, "steps": steps.step if isinstance(steps, Steps) else 0},
    )


def settings_of(model: Model) -> Settings:
    """The settings that a model says it was trained with, as far as they are such."""
    settings, notes = Settings(loss=model.loss), dict(model.notes)
    if notes.get("optimizer") == "sgd" and notes.get("nesterov"):
        notes["optimizer"] = NESTEROV
    if notes.get("optimizer") == "adamw":
        notes["l2"] = notes.get("weight_decay")
    for name in ("batch", "optimizer", "lr", "momentum", "l2", "schedule", "seed"):
        try:
            settings = settings.changed({name: SETTINGS[name](name, notes[name])})
        except (ArgumentError, KeyError):
            continue
    return settings
