"""What the Edit panel holds: prompt, provider, model and parameters of the next request.

The widgets mirror this and hold nothing themselves. A parameter that is not set is not sent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from app.base.geometry import Rect, Size
from app.base.signal import Signal
from app.base.text import tr
from app.edits.types import Context, Islands, ParameterValue
from app.gateways.types import ModelCard, Parameter, Profile
from app.imaging.recipe import Recipe
from app.session.references import Reference

AUTO_GROW_SHARE = 0.002
AUTO_GROW_LEAST = 4
MOST_SHARE, MOST_CONTEXT, MOST_GROW = 10.0, 100_000, 500
"""What a file may ask for, which nobody looked through: all that the settings and the fields let a user ask for."""


def automatic_grow(size: Size) -> int:
    """Pixels by which a painted mask is grown: 0.2 % of the long side, at least 4.

    A tight mask leaves the anti-aliased fringe of the object outside, and every engine grows it back.
    """
    return max(AUTO_GROW_LEAST, round(AUTO_GROW_SHARE * max(size.width, size.height)))


def rect_text(rect: Rect) -> str:
    """Such as "10,20,300,200": x, y, width and height, as the command line takes them."""
    return f"{rect.x},{rect.y},{rect.width},{rect.height}"


def rect_of(text: str) -> Rect | None:
    """What `rect_text` wrote; None where it is not that, or has no pixel."""
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        return None
    rect = Rect(x, y, width, height)
    return None if rect.is_empty else rect


def _size_of(text: str) -> Size | None:
    """Such as "1024x768"; None where it is not that."""
    try:
        width, height = (int(side) for side in text.split("x"))
        size = Size(width, height)
    except ValueError:
        return None
    return None if size.is_empty else size


def _within(value: ParameterValue | None, most: float) -> float | None:
    """A number, brought into 0 … `most`; None where it is none."""
    try:
        number = float(value if value is not None else "")
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(number) else min(max(number, 0.0), most)


class EditForm:
    """One document's settings for its next request. Emits `changed` with the field's name."""

    def __init__(self, find_profile: Callable[[str], Profile], provider: str, model: str = "") -> None:
        self._find_profile = find_profile
        self._profile = find_profile(provider)
        self._model = model or self._profile.default_model
        self._prompt = ""
        self._variants = 1
        self._context = Context()
        self._islands = Islands.TOGETHER
        self._size: Size | None = None
        self._feather = 2
        self._recipe = Recipe()
        self._grow: int | None = None
        self._inverts_mask = False
        self._values: dict[str, ParameterValue] = {}
        self._extras: dict[str, ParameterValue] = {}
        self._references: tuple[Reference, ...] = ()
        self.changed: Signal[[str]] = Signal()

    @property
    def profile(self) -> Profile:
        return self._profile

    @property
    def provider(self) -> str:
        return self._profile.name

    @property
    def model(self) -> str:
        return self._model

    @property
    def card(self) -> ModelCard:
        return self._profile.card(self._model)

    @property
    def prompt(self) -> str:
        return self._prompt

    @property
    def variants(self) -> int:
        return self._variants

    @property
    def context(self) -> Context:
        return self._context

    @property
    def islands(self) -> Islands:
        """How the parts of a mask that stand far from each other are sent."""
        return self._islands

    @property
    def size(self) -> Size | None:
        """The size on the wire where the user chose one; None = automatic."""
        return self._size

    @property
    def feather(self) -> int:
        """Inner softness of the result's edge in document pixels."""
        return self._feather

    @property
    def recipe(self) -> Recipe:
        """How the images will be put back, with the softness of their edge."""
        return replace(self._recipe, feather=self._feather)

    @property
    def grow(self) -> int | None:
        """Pixels by which the mask is grown; None = automatic."""
        return self._grow

    @property
    def inverts_mask(self) -> bool:
        """The mask of the next request goes the other way round than the provider's settings say."""
        return self._inverts_mask

    @property
    def values(self) -> Mapping[str, ParameterValue]:
        """The parameters that are set, by canonical name, whether or not the model takes them."""
        return MappingProxyType(self._values)

    @property
    def extras(self) -> Mapping[str, ParameterValue]:
        """Free fields of this request, sent under these very names."""
        return MappingProxyType(self._extras)

    @property
    def references(self) -> tuple[Reference, ...]:
        """Pictures that go along behind the canvas, in order, as far as the provider takes them."""
        return self._references

    def taken_references(self) -> tuple[Reference, ...]:
        """Those that will really be sent."""
        return self._references[: self._profile.most_references]

    def untaken(self) -> tuple[str, ...]:
        """Titles of what is set but not taken by the chosen model, and so not sent."""
        taken = {parameter.name for parameter in self.parameters()}
        titles = {p.name: p.title for p in self._profile.dialect.parameters}
        names = [titles.get(name, name) for name in self._values if name not in taken]
        if self._size is not None and not self.takes("size"):
            names.append(tr("Size"))
        left = len(self._references) - len(self.taken_references())
        if left:
            names.append(tr("{count} of the references", count=left))
        return tuple(names)

    def advice(self) -> tuple[str, ...]:
        """The provider's warnings about the values that will be sent."""
        values = self.taken_values()
        found = [(p.title, p.band(values.get(p.name))) for p in self.parameters()]
        return tuple(
            tr("{title}: {advice}.", title=title, advice=band.text)
            for title, band in found
            if band is not None and band.warns
        )

    def takes(self, name: str) -> bool:
        return name in self.card.takes

    def parameters(self) -> tuple[Parameter, ...]:
        """The adjustable parameters of the chosen model."""
        return self._profile.parameters(self._model)

    def taken_values(self) -> dict[str, ParameterValue]:
        """The set parameters that the chosen model takes: what will really be sent."""
        return {p.name: self._values[p.name] for p in self.parameters() if p.name in self._values}

    def set_provider(self, name: str, model: str = "") -> None:
        """Choose a provider, and its default model unless one is named. Raises UsageError if unknown."""
        profile = self._find_profile(name)
        # It was meant for the one who seemed to read masks the other way.
        self._inverts_mask = self._inverts_mask and profile.name == self._profile.name
        self._profile = profile
        self._model = model or profile.default_model
        self.changed.emit("provider")

    def set_model(self, model: str) -> None:
        self._assign("model", model.strip() or self._profile.default_model)

    def set_prompt(self, prompt: str) -> None:
        self._assign("prompt", prompt)

    def set_variants(self, variants: int) -> None:
        self._assign("variants", max(1, variants))

    def set_context(self, context: Context) -> None:
        self._assign("context", context)

    def set_islands(self, islands: Islands) -> None:
        self._assign("islands", islands)

    def set_size(self, size: Size | None) -> None:
        self._assign("size", size)

    def set_feather(self, feather: int) -> None:
        self._assign("feather", max(0, feather))

    def set_grow(self, grow: int | None) -> None:
        self._assign("grow", None if grow is None else max(0, grow))

    def set_inverts_mask(self, inverts: bool) -> None:
        self._assign("inverts_mask", inverts)

    def set_value(self, name: str, value: ParameterValue | None) -> None:
        """Set a parameter by its canonical name; None = not set, so it will not be sent."""
        if self._values.get(name) == value:
            return
        if value is None:
            self._values.pop(name, None)
        else:
            self._values[name] = value
        self.changed.emit(name)

    def set_extras(self, extras: Mapping[str, ParameterValue]) -> None:
        self._assign("extras", dict(extras))

    def set_recipe(self, recipe: Recipe) -> None:
        """Put images back like this; growing is a matter of a layer's own mask, which comes later."""
        self.set_feather(recipe.feather)
        self._assign("recipe", replace(recipe, grow=0, feather=Recipe().feather))

    def set_references(self, references: tuple[Reference, ...]) -> None:
        self._assign("references", references)

    def kept(self) -> dict[str, ParameterValue]:
        """What the history keeps of the form besides the request itself, so that it can be filled again."""
        kept: dict[str, ParameterValue] = {"context_share": self._context.share}
        if self._context.whole:
            kept["context_whole"] = True
        if self._context.pixels is not None:
            kept["context_pixels"] = self._context.pixels
        if self._context.region is not None:
            kept["context_region"] = rect_text(self._context.region)
        if self._islands is not Islands.TOGETHER:
            kept["islands"] = self._islands.value
        if self._size is not None:
            kept["size"] = str(self._size)
        if self._grow is not None:
            kept["grow"] = self._grow
        if self._inverts_mask:
            kept["inverts_mask"] = True
        if self._recipe != Recipe():
            kept.update({f"recipe_{name}": value for name, value in self._recipe.kept().items()})
        return kept

    def restore(self, kept: Mapping[str, ParameterValue]) -> None:
        """Take up what `kept` gave; what is missing, or makes no sense, becomes automatic."""
        share = _within(kept.get("context_share"), MOST_SHARE)
        pixels = _within(kept.get("context_pixels"), MOST_CONTEXT)
        grow, islands = _within(kept.get("grow"), MOST_GROW), kept.get("islands")
        self.set_context(
            Context(
                share=Context().share if share is None else share,
                pixels=None if pixels is None else int(pixels),
                whole=bool(kept.get("context_whole", False)),
                region=rect_of(str(kept.get("context_region", ""))),
            )
        )
        self.set_islands(next((each for each in Islands if each.value == islands), Islands.TOGETHER))
        self.set_grow(None if grow is None else int(grow))
        self.set_inverts_mask(bool(kept.get("inverts_mask", False)))
        self.set_size(_size_of(str(kept.get("size", ""))))
        recipe = {
            name.removeprefix("recipe_"): value for name, value in kept.items() if name.startswith("recipe_")
        }
        self._assign("recipe", replace(Recipe.from_kept(recipe), grow=0, feather=Recipe().feather))

    def reload_profile(self) -> None:
        """Take up changes of the provider's settings; falls back to its default model if need be."""
        self.set_provider(self.provider, self._model)

    def _assign(self, field: str, value: object) -> None:
        name = f"_{field}"
        if getattr(self, name) != value:
            setattr(self, name, value)
            self.changed.emit(field)
