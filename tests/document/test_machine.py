"""Any order of painting, shapes, layers, undo and redo: every state comes back to the very bits."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.base.geometry import Rect, Size, united
from app.document.brush import Brush
from app.document.gestures import (
    Combine,
    GestureRunner,
    Modifier,
    Tool,
    brush_stroke,
    erase_stroke,
    lasso,
    rectangle,
)
from app.document.layer_changes import (
    duplicated,
    hidden_by_mask,
    merged,
    moved,
    prepare_layer_mask,
    with_layer,
)
from app.document.named_masks import prepare_mask
from app.document.selection_gestures import Wand, bucket, colour_range, gradient, magic_wand
from app.document.shape_gestures import ellipse_between, move_mask, polygon_by_corners
from app.document.tiles import TILE, TileSnapshot
from app.imaging import masks
from app.imaging.mask_operations import MaskOperation, OperationKind
from app.imaging.pyramid import Pyramid
from app.imaging.recipe import BlendMode
from app.imaging.selections import GradientKind
from tests.document.making import document, drag, exact_occupancy, layer

SIZE = Size(330, 270)

places = st.tuples(st.integers(-80, 4 * SIZE.width), st.integers(-80, 4 * SIZE.height)).map(
    lambda place: (place[0] / 4, place[1] / 4)
)
ways = st.lists(places, min_size=1, max_size=5)
brushes = st.builds(
    Brush, st.sampled_from([1, 2.5, 7, 19, 60, 230]), st.sampled_from([0, 0.5, 1]), st.sampled_from([0.3, 1])
)
tools = st.one_of(
    brushes.map(brush_stroke),
    brushes.map(erase_stroke),
    st.sampled_from(Combine).map(rectangle),
    st.sampled_from(Combine).map(lasso),
    st.sampled_from(Combine).map(ellipse_between),
    st.sampled_from(Combine).map(bucket),
    st.builds(magic_wand, st.builds(Wand, st.just(200), st.booleans()), st.sampled_from(Combine)),
    st.builds(colour_range, st.just(150), st.just(1), st.sampled_from(Combine)),
    st.builds(gradient, st.sampled_from(GradientKind), st.sampled_from(Combine)),
    st.just(move_mask),
)
operations = st.builds(MaskOperation, st.sampled_from(OperationKind), st.sampled_from([1, 3, 20, 150]))
modifiers = st.sets(st.sampled_from([Modifier.SHIFT, Modifier.ALT]))


class DocumentMachine(RuleBasedStateMachine):
    """Keeps, beside the document, what it looked like at each position of its undo stack."""

    @initialize(kind=st.sampled_from(["shared", "gray alpha", "rgb 16"]))
    def open(self, kind: str) -> None:
        self.document = document(SIZE, kind)
        self.runner = GestureRunner(self.document)
        self.made = 0
        self.seen = self.document.mask.coverage.copy(), self.document.picture.copy()
        self.document.mask_changed.connect(lambda rects: self.follow(0, self.document.mask.coverage, rects))
        self.document.picture_changed.connect(lambda rects: self.follow(1, self.document.picture, rects))
        self.states = [self.look()]
        self.series: str = ""
        self.untouched = self.document.flatten_samples()

    def follow(self, which: int, now: np.ndarray, rects: tuple[Rect, ...]) -> None:
        """What somebody sees who redraws only the rectangles that are told."""
        for rect in rects:
            self.seen[which][rect.slices] = now[rect.slices]

    def look(self) -> tuple[object, ...]:
        doc = self.document
        shown = tuple(
            (each.id, each.name, each.visible, each.opacity, each.mode, each.recipe, each.coverage.tobytes())
            for each in doc.layers
        )
        painted = doc.painted_layer and (doc.painted_layer.id, doc.mask.coverage.tobytes())
        masks = tuple((each.name, each.mask.coverage.tobytes()) for each in doc.masks)
        return masks, doc.active_mask, doc.picture.tobytes(), shown, painted

    def act(self, action: Callable[[], object], series: str = "") -> None:
        """Do what is one undo step, or none exactly when it changes nothing; with a series, one with the last."""
        stack = self.document.undo
        before, steps, position = self.look(), stack.steps, stack.position
        joins = series and series == self.series and position == len(steps) and position
        action()
        self.series = series
        if stack.steps == steps:
            assert self.look() == before
        elif joins:
            assert stack.steps[:-1] == steps[:-1]
            self.states[-1] = self.look()
        else:
            assert self.look() != before
            assert stack.steps[:-1] == steps[:position]
            self.states[position + 1 :] = [self.look()]
        assert stack.position == len(self.states) - 1 or stack.steps == steps

    @rule(tool=tools, way=ways, held=modifiers)
    def draw(self, tool: Tool, way: list[tuple[float, float]], held: set[Modifier]) -> None:
        self.act(lambda: drag(self.runner, tool, way, held))

    @rule(
        corners=ways, back=st.integers(0, 3), how=st.sampled_from(Combine), held=modifiers, ends=st.booleans()
    )
    def draw_polygon(
        self,
        corners: list[tuple[float, float]],
        back: int,
        how: Combine,
        held: set[Modifier],
        ends: bool,
    ) -> None:
        def click() -> None:
            for corner in corners:
                drag(self.runner, polygon_by_corners(how), [corner], held)
            for _ in range(back):
                self.runner.back()
            self.runner.finish() if ends else self.runner.cancel()

        self.act(click)

    @rule(tool=tools, way=ways, held=modifiers)
    def draw_and_cancel(self, tool: Tool, way: list[tuple[float, float]], held: set[Modifier]) -> None:
        before, steps = self.look(), self.document.undo.steps
        drag(self.runner, tool, way, held, release=False)
        self.runner.cancel()
        assert self.look() == before
        assert self.document.undo.steps == steps

    @rule(tool=tools, way=ways)
    def draw_and_fail(self, tool: Tool, way: list[tuple[float, float]]) -> None:
        before, steps = self.look(), self.document.undo.steps

        def fail(rects: tuple[Rect, ...]) -> None:
            disconnect()
            raise ArithmeticError

        disconnect = self.document.mask_changed.connect(fail)
        try:
            drag(self.runner, tool, way, release=False)
            self.runner.release()
        except ArithmeticError:
            assert self.look() == before
            assert self.document.undo.steps == steps
        else:
            # Nothing was told: nothing may have changed.
            disconnect()
            assert self.look() == before
            assert self.document.undo.steps == steps

    @rule(which=st.sampled_from(["invert_mask", "clear_mask", "fill_mask"]))
    def whole_mask(self, which: str) -> None:
        self.act(getattr(self.document, which))

    @rule(operation=operations, whole=st.booleans())
    def operate(self, operation: MaskOperation, whole: bool) -> None:
        """As a worker does it: on a copy, cut at tiles, of what is covered or of all there is."""
        mask = self.document.mask
        reach = mask.bounds().expanded(operation.reach + 1)
        cells = list(reach.intersected(SIZE.rect).tiles(TILE)) if not mask.is_empty else []
        at = SIZE.rect if whole else united(cells).intersected(SIZE.rect)
        before = mask.coverage[at.slices].copy()
        after = mask.clipped(operation.apply(before), at)
        expected = operation.apply(mask.coverage)
        layer = self.document.painted_layer
        if layer is not None:
            # The mask of a layer ends where the layer does.
            outside = np.ones_like(expected, bool)
            outside[layer.region.slices] = False
            expected[outside] = 0
        tiles = TileSnapshot.of_changes(before, after, at)
        self.act(lambda: self.document.put_in_mask(tiles, "Operation"))
        assert np.array_equal(mask.coverage, expected)

    @rule(copied=st.booleans())
    def add_mask(self, copied: bool) -> None:
        coverage = self.document.mask.coverage.copy() if copied else None
        self.made += 1
        self.act(lambda: self.document.add_mask(f"Mask {self.made}", prepare_mask(SIZE, coverage)))

    @rule(data=st.data())
    def switch_mask(self, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(self.document.masks) - 1))
        if place == self.document.active_mask:
            self.ends_painting(lambda: self.document.activate_mask(place))
        else:
            self.act(lambda: self.document.activate_mask(place))
        assert self.document.active_mask == place

    @rule(name=st.sampled_from(["Sky", "Face"]))
    def rename_mask(self, name: str) -> None:
        self.act(lambda: self.document.rename_mask(name))

    @precondition(lambda self: len(self.document.masks) > 1)
    @rule()
    def remove_mask(self) -> None:
        self.act(self.document.remove_mask)

    @rule(seed=st.integers(0, 2**16))
    def load_mask(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        coverage = np.zeros((SIZE.height, SIZE.width), np.uint8)
        coverage[: random.integers(1, SIZE.height), : random.integers(1, SIZE.width)] = random.integers(
            0, 256
        )
        self.act(lambda: self.document.set_mask(coverage, "Load mask"))

    @rule(
        x=st.integers(0, SIZE.width - 2),
        y=st.integers(0, SIZE.height - 2),
        side=st.integers(1, 200),
        hole=st.booleans(),
        feather=st.sampled_from([0, 2, 20]),
        opacity=st.sampled_from([0.0, 0.5, 1.0]),
    )
    def apply(self, x: int, y: int, side: int, hole: bool, feather: int, opacity: float) -> None:
        region = Rect(x, y, side, side).intersected(SIZE.rect)
        self.made += 1
        edit = layer(region, self.made, hole=hole, feather=feather, opacity=opacity)
        self.act(lambda: self.document.add_layer(edit))

    @precondition(lambda self: self.document.layers)
    @rule(data=st.data(), visible=st.booleans())
    def show_or_hide(self, data: st.DataObject, visible: bool) -> None:
        chosen = data.draw(st.sampled_from(self.document.layers))
        self.act(lambda: self.document.set_layer_visible(chosen.id, visible))

    @precondition(lambda self: self.document.layers)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(self.document.layers))
        self.act(lambda: self.document.remove_layer(chosen.id))

    @precondition(lambda self: self.document.layers)
    @rule(
        data=st.data(),
        change=st.one_of(
            st.fixed_dictionaries({"opacity": st.sampled_from([0.0, 0.2, 0.7, 1.0])}),
            st.fixed_dictionaries({"mode": st.sampled_from(BlendMode)}),
            st.fixed_dictionaries({"name": st.sampled_from(["Door", "Sky"])}),
        ),
    )
    def set_look(self, data: st.DataObject, change: dict[str, Any]) -> None:
        chosen = data.draw(st.sampled_from(self.document.layers))
        changed = with_layer(self.document.layers, replace(chosen, **change))
        series = f"{chosen.id} {next(iter(change))}"
        self.act(lambda: self.document.change_layers(changed, "Look", series=series), series)

    @precondition(lambda self: self.document.layers)
    @rule(data=st.data(), grow=st.sampled_from([-9, -1, 0, 4, 30]), feather=st.sampled_from([0, 1, 11]))
    def tune(self, data: st.DataObject, grow: int, feather: int) -> None:
        chosen = data.draw(st.sampled_from(self.document.layers))
        own, recipe = chosen.painted, replace(chosen.recipe, grow=grow, feather=feather)
        coverage = masks.grow(own, grow) if grow > 0 else masks.shrink(own, -grow)
        if np.array_equal(coverage, chosen.coverage):
            coverage = chosen.coverage
        tuned = replace(chosen, recipe=recipe, mask=own if grow else None, coverage=coverage)
        self.act(lambda: self.document.change_layers(with_layer(self.document.layers, tuned), "Tune"))

    @precondition(lambda self: self.document.layers)
    @rule(data=st.data(), place=st.integers(0, 4))
    def move(self, data: st.DataObject, place: int) -> None:
        chosen = data.draw(st.sampled_from(self.document.layers))
        layers = moved(self.document.layers, chosen.id, place)
        self.act(lambda: self.document.change_layers(layers, "Move"))

    @precondition(lambda self: self.document.layers)
    @rule(data=st.data())
    def duplicate(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(self.document.layers))
        layers, _ = duplicated(self.document.layers, chosen.id)
        self.act(lambda: self.document.change_layers(layers, "Duplicate"))

    @precondition(lambda self: any(each.is_shown for each in self.document.layers))
    @rule(data=st.data(), count=st.integers(1, 3))
    def merge(self, data: st.DataObject, count: int) -> None:
        """Layers next to each other become one that looks the same."""
        doc = self.document
        first = data.draw(st.sampled_from([i for i, each in enumerate(doc.layers) if each.is_shown]))
        below, group = doc.layers[:first], doc.layers[first : first + count]
        one = merged(doc.composed, below, group, "Merged")
        before, samples = doc.composed((*below, *group), SIZE.rect), doc.flatten_samples()
        after = doc.composed((*below, one), SIZE.rect)
        # What lies exactly between two levels may be rounded to the other one.
        assert np.abs(after.astype(int) - before).max() <= 1
        union = np.zeros((SIZE.height, SIZE.width), bool)
        for each in group:
            union[each.region.slices] |= (each.coverage > 0) & each.is_shown
        covered = np.zeros_like(union)
        covered[one.region.slices] = one.coverage > 0
        assert np.array_equal(covered, union)
        layers = (*below, one, *doc.layers[first + count :])
        self.act(lambda: doc.change_layers(layers, "Merge"))
        assert np.array_equal(doc.flatten_samples()[~union], samples[~union])

    @precondition(lambda self: self.document.layers)
    @rule(data=st.data(), hidden=st.booleans())
    def paint_layer(self, data: st.DataObject, hidden: bool) -> None:
        chosen = data.draw(st.sampled_from(self.document.layers))
        if hidden:
            self.made += 1
            chosen = hidden_by_mask(replace(chosen, id=f"hidden-{self.made}"))
        prepared = prepare_layer_mask(SIZE, chosen)
        self.act(lambda: self.document.paint_layer(chosen, prepared))
        assert self.document.painted_layer.id == chosen.id

    @rule()
    def end_painting(self) -> None:
        self.ends_painting(self.document.end_painting)

    def ends_painting(self, action: Callable[[], None]) -> None:
        """That it began is undone where nothing was painted, else this is a step."""
        stack, painted = self.document.undo, self.document.painted_layer
        position = stack.position
        self.series = ""
        action()
        assert self.document.painted_layer is None
        if stack.position > position:
            assert painted is not None
            self.states[position + 1 :] = [self.look()]
        elif painted is not None:
            assert stack.position == position - 1
        assert self.look() == self.states[stack.position]

    @rule()
    def undo(self) -> None:
        self.series = ""
        self.document.undo.undo()
        assert self.look() == self.states[self.document.undo.position]

    @rule()
    def redo(self) -> None:
        self.series = ""
        self.document.undo.redo()
        assert self.look() == self.states[self.document.undo.position]

    @rule(position=st.integers(0, 50))
    def travel(self, position: int) -> None:
        stack = self.document.undo
        self.series = ""
        target = position % (len(stack.steps) + 1)
        while stack.position > target:
            stack.undo()
        while stack.position < target:
            stack.redo()
        assert self.look() == self.states[target]

    @invariant()
    def the_caches_are_exact(self) -> None:
        doc = self.document
        assert np.array_equal(doc.mask.occupied, exact_occupancy(doc.mask.coverage))
        assert doc.mask.bounds() == masks.bounds(doc.mask.coverage)
        anew = Pyramid.build(doc.picture.copy(), straight_alpha=doc.photograph.has_alpha)
        for kept, level in zip(doc.pyramid.levels, anew.levels, strict=True):
            assert np.array_equal(kept, level)
        doc.mask_levels.refresh(SIZE.rect)
        for kept, level in zip(doc.mask_levels.arrays, Pyramid.build(doc.mask.coverage).levels, strict=True):
            assert np.array_equal(kept, level)

    @invariant()
    def a_painted_layer_covers_what_its_mask_does(self) -> None:
        doc, layer = self.document, self.document.painted_layer
        if layer is not None:
            assert np.array_equal(doc.mask.coverage[layer.region.slices], layer.painted)
            assert layer.region.contains(doc.mask.bounds())
            assert doc.request_mask is doc.masks[doc.active_mask].mask

    @invariant()
    def the_photograph_stays_as_it_was(self) -> None:
        doc = self.document
        assert np.array_equal(doc.original_samples(), self.untouched)
        covered = np.zeros((SIZE.height, SIZE.width), bool)
        for each in doc.layers:
            covered[each.region.slices] |= each.visible & (each.coverage > 0)
        assert np.array_equal(doc.flatten_samples()[~covered], self.untouched[~covered])

    @invariant()
    def what_is_told_is_what_changed(self) -> None:
        assert np.array_equal(self.seen[0], self.document.mask.coverage)
        assert np.array_equal(self.seen[1], self.document.picture)


DocumentMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=22)
TestDocument = DocumentMachine.TestCase
