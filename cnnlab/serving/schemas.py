"""What requests and answers look like, as JSON Schema."""

from __future__ import annotations

from typing import Any

from cnnlab.datasets.image_problem import ImageProblem

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}


def _object(properties: dict[str, Schema], *optional: str) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": properties}


def ref(name: str) -> Schema:
    """A pointer to one of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


_PREDICTIONS: dict[str, Schema] = {
    "model": {"type": "string", "description": "The model's id."},
    "predictions": {
        "type": "array",
        "description": "One a file, in the order of the files.",
        "items": {"oneOf": [ref("Answer"), ref("RefusedFile")]},
    },
}
_PROBLEM: dict[str, Schema] = {
    "error": {"type": "string", "description": "The reason, for programs."},
    "message": {"type": "string", "description": "A sentence for people."},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
}

REJECTION_FIGURES: dict[str, Schema] = {
    "threshold": {"type": "number", "description": "Up to this strangeness a picture is known."},
    "judged_by": {"type": "string", "description": "The split that the real pictures are from."},
    "judged": {**_COUNT, "description": "Real pictures."},
    "kept": {**_COUNT, "description": "How many of them count as known."},
    "kept_by_confidence": {**_COUNT, "description": "The same by the highest probability alone."},
    "negatives": {**_COUNT, "description": "Pictures of none of the classes."},
    "accepted": {**_COUNT, "description": "How many of them count as known."},
    "accepted_by_confidence": {
        **_COUNT,
        "description": "The same by the highest probability alone.",
    },
}

SCHEMAS: dict[str, Schema] = {
    "Health": _object(
        {
            "status": {"const": "ok"},
            "version": _TEXT,
            "uptime_seconds": {"type": "number", "minimum": 0},
            "models_loaded": _COUNT,
            "requests": {**_COUNT, "description": "Predictions at work or waiting."},
        }
    ),
    "Document": {"type": "object", "required": ["openapi", "info", "paths"]},
    "Models": _object({"models": {"type": "array", "items": ref("Model")}}),
    "Model": _object(
        {
            "id": _TEXT,
            "recipe": _TEXT,
            "dataset": _object({"id": _TEXT, "name": _TEXT}),
            "created_at": {"type": "string", "format": "date-time"},
            "classes": {"type": "array", "items": _TEXT},
            "input": _object({"size_px": _COUNT, "colour": _TEXT, "resize": _TEXT}),
            "bytes": _COUNT,
            "metrics": {"type": "object", "additionalProperties": {"type": "number"}},
            "rejection": {"oneOf": [ref("Rejection"), {"type": "null"}]},
            "links": _object({"self": _TEXT, "predict": _TEXT}),
        }
    ),
    "Rejection": {
        **_object(REJECTION_FIGURES),
        "description": "How well the model tells pictures of none of its classes; null where it "
        "has no rule for that.",
    },
    "Answer": _object(
        {
            "path": {"type": "string", "description": "The file's name."},
            "label": {"type": "string", "description": "The most probable class."},
            "probability": {**_SHARE, "description": "Of that class."},
            "probabilities": {
                "type": "object",
                "description": "Of each class, or of the most probable ones where top says so.",
                "additionalProperties": _SHARE,
            },
            "verdict": {"oneOf": [ref("Verdict"), {"type": "null"}]},
        }
    ),
    "Verdict": {
        **_object(
            {
                "known": {"type": "boolean", "description": "Shows one of the classes."},
                "strangeness": {"type": "number"},
                "threshold": {"type": "number"},
            }
        ),
        "description": "Whether the picture shows any of the classes; null where the model has no "
        "rule for that.",
    },
    "RefusedFile": _object(
        {
            "path": {"type": "string", "description": "The file's name."},
            "error": {"enum": [problem.value for problem in ImageProblem]},
            "detail": {"type": "string", "description": "Why it was refused, in a sentence."},
        }
    ),
    "Predictions": _object(_PREDICTIONS),
    "NothingReadable": _object({**_PREDICTIONS, **_PROBLEM}),
    "Problem": _object(_PROBLEM),
}
