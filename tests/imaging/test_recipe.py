"""The recipe as plain data: whatever is kept comes back, whatever a stranger wrote becomes a recipe."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.cli.parser import make_parser
from app.imaging.recipe import MOST_FEATHER, MOST_GROW, Align, ColourMatch, Detail, Recipe

recipes = st.builds(
    Recipe,
    align=st.sampled_from(Align),
    colour=st.sampled_from(ColourMatch),
    detail=st.sampled_from(Detail),
    grow=st.integers(-MOST_GROW, MOST_GROW),
    feather=st.integers(0, MOST_FEATHER),
)


@given(recipes)
def test_a_recipe_comes_back_as_it_was_kept(recipe: Recipe) -> None:
    assert Recipe.from_kept(recipe.kept()) == recipe


@given(
    st.dictionaries(
        st.sampled_from([*Recipe().kept(), "more"]), st.none() | st.booleans() | st.text(max_size=5)
    )
)
def test_what_is_not_understood_becomes_the_default(kept: dict[str, object]) -> None:
    assert Recipe.from_kept(kept) == Recipe()


def test_numbers_stay_in_their_range() -> None:
    recipe = Recipe.from_kept({"grow": -(10**9), "feather": 10**9})
    assert (recipe.grow, recipe.feather) == (-MOST_GROW, MOST_FEATHER)


def test_a_feather_as_wide_as_the_command_line_allows_survives_a_file() -> None:
    most = make_parser().parse_args(["edit", "a.png", "--output", "b.png", "--feather", "10000"]).feather
    assert Recipe.from_kept(Recipe(feather=most).kept()).feather == most
