"""A rule for pictures of none of the classes, as a training leaves it; tests change its figures."""

from cnnlab.evaluation.rejection import Kind, Rejection, Scale

FITTED = Rejection(
    threshold=1.7,
    weight=0.5,
    temperature=1.2,
    distance=Scale(0.3, 0.1),
    doubt=Scale(0.2, 0.1),
    confidence_threshold=0.6,
    fitted_on=200,
    judged_by="test",
    judged=100,
    kept=94,
    kept_by_confidence=95,
    kinds=(
        Kind(name="noise", pictures=20, accepted=1, accepted_by_confidence=10),
        Kind(name="digits", pictures=20, accepted=3, accepted_by_confidence=18),
    ),
)
