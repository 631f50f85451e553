"""Time of day and weather: what they do to the colours of a scene."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

RGB = tuple[float, float, float]  # 0..255 each, not rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """One time of day in one weather.

    Attributes:
        zenith, horizon: Colours of the sky at its top and at its foot.
        sun: Factors by which sunlit surfaces keep their colour.
        shade: Factors by which surfaces turned away from the sun keep it.
        haze: How soon distance turns into the colour of the horizon; 0 is perfectly clear.
        clouds: Share of the sky that clouds cover, 0..1.
        cloud: Colour of a cloud's bright side.
        night: Whether lamps and windows are lit.
        sun_side: -1 if the sun stands to the left, 1 to the right.
    """

    zenith: RGB
    horizon: RGB
    sun: RGB
    shade: RGB
    haze: float
    clouds: float
    cloud: RGB
    night: bool = False
    sun_side: int = 1

    def on(self, colour: RGB, *, distance: float = 0.0, sunlit: float = 1.0) -> RGB:
        """Return how a surface of this colour looks.

        Args:
            colour: Its colour in white light.
            distance: How far away it is; 0 is near, 1 about where mountains stand.
            sunlit: 1 turned to the sun, 0 in the shade; between and beyond is allowed.
        """
        veil = 1.0 - 0.5 ** (self.haze * distance)
        red, green, blue = (
            (part * (shade + (sun - shade) * sunlit)) * (1.0 - veil) + sky * veil
            for part, sun, shade, sky in zip(
                colour, self.sun, self.shade, self.horizon, strict=True
            )
        )
        return red, green, blue


_CLEAR = Light(
    zenith=(62, 122, 196),
    horizon=(184, 212, 232),
    sun=(1.0, 0.98, 0.92),
    shade=(0.55, 0.6, 0.72),
    haze=0.5,
    clouds=0.3,
    cloud=(250, 250, 250),
)
_MOODS: tuple[tuple[float, Light], ...] = (
    (0.30, _CLEAR),
    (
        0.13,  # a pale summer noon
        replace(_CLEAR, zenith=(120, 168, 214), horizon=(222, 230, 232), haze=0.9, clouds=0.55),
    ),
    (
        0.16,  # overcast
        Light(
            zenith=(150, 158, 168),
            horizon=(206, 209, 212),
            sun=(0.82, 0.84, 0.87),
            shade=(0.60, 0.63, 0.68),
            haze=1.2,
            clouds=0.8,
            cloud=(222, 224, 227),
        ),
    ),
    (
        0.08,  # before the thunderstorm
        Light(
            zenith=(74, 82, 98),
            horizon=(156, 162, 166),
            sun=(0.72, 0.73, 0.74),
            shade=(0.42, 0.45, 0.51),
            haze=0.8,
            clouds=0.9,
            cloud=(150, 154, 162),
        ),
    ),
    (
        0.08,  # mist
        Light(
            zenith=(196, 202, 206),
            horizon=(214, 217, 218),
            sun=(0.84, 0.86, 0.88),
            shade=(0.66, 0.69, 0.73),
            haze=2.6,
            clouds=0.2,
            cloud=(226, 228, 230),
        ),
    ),
    (
        0.11,  # the golden hour
        Light(
            zenith=(104, 134, 184),
            horizon=(250, 204, 142),
            sun=(1.06, 0.86, 0.62),
            shade=(0.52, 0.48, 0.56),
            haze=0.8,
            clouds=0.45,
            cloud=(255, 222, 180),
        ),
    ),
    (
        0.08,  # sunset
        Light(
            zenith=(70, 66, 116),
            horizon=(240, 134, 92),
            sun=(0.86, 0.56, 0.46),
            shade=(0.36, 0.32, 0.44),
            haze=0.9,
            clouds=0.5,
            cloud=(244, 150, 122),
        ),
    ),
    (
        0.06,  # the blue hour
        Light(
            zenith=(20, 28, 62),
            horizon=(92, 108, 150),
            sun=(0.42, 0.46, 0.62),
            shade=(0.26, 0.30, 0.46),
            haze=0.7,
            clouds=0.4,
            cloud=(84, 92, 126),
            night=True,
        ),
    ),
)


def pick_light(rng: np.random.Generator) -> Light:
    """Draw a time of day and a weather, each time in slightly different colours."""
    weights = np.array([weight for weight, _ in _MOODS])
    mood = _MOODS[int(rng.choice(len(_MOODS), p=weights / weights.sum()))][1]
    return replace(
        mood,
        zenith=vary(rng, mood.zenith, 14),
        horizon=vary(rng, mood.horizon, 10),
        haze=mood.haze * rng.uniform(0.6, 1.5),
        clouds=float(np.clip(mood.clouds + rng.uniform(-0.25, 0.25), 0.0, 1.0)),
        sun_side=-1 if rng.random() < 0.5 else 1,
    )


def vary(rng: np.random.Generator, colour: RGB, spread: float) -> RGB:
    """Shift a colour by up to `spread` in brightness and by half of that in each channel."""
    common = rng.uniform(-spread, spread)
    red, green, blue = (
        float(np.clip(part + common + rng.uniform(-spread, spread) / 2, 0, 255)) for part in colour
    )
    return red, green, blue


def blend(first: RGB, second: RGB, share: float) -> RGB:
    """Return `first` with `share` (0..1) of `second` in it."""
    red, green, blue = (
        one * (1.0 - share) + two * share for one, two in zip(first, second, strict=True)
    )
    return red, green, blue


def pick(rng: np.random.Generator, colours: tuple[RGB, ...], spread: float = 12) -> RGB:
    """Draw one of some colours and vary it."""
    return vary(rng, colours[int(rng.integers(len(colours)))], spread)
