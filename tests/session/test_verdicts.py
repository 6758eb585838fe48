"""What is said of a reply."""

from app.edits.types import Drift, Report
from app.session.verdicts import drift_sentence, extension_advice, kept_sentence


def test_the_promise_is_said_in_figures() -> None:
    report = Report(0, 0.01, outside_pixels=1_234_567)
    assert kept_sentence(report) == "0 of 1,234,567 pixels outside the mask changed in your document."


def test_the_mask_is_offered_what_goes_on_from_its_edge() -> None:
    assert extension_advice(Report(0, 0.01)) is None
    advice = extension_advice(Report(0, 0.01, touches_mask=True))
    assert advice is not None
    assert "Extend the mask" in advice


def test_a_drift_is_told_and_none_is_not() -> None:
    assert drift_sentence(Report(0, None)) is None
    assert drift_sentence(Report(0, 0.0, drift=Drift())) is None
    told = drift_sentence(Report(0, 0.0, drift=Drift(1.3, -0.8, 1.005, True, (6.0, 4.0, -2.0))))
    assert (
        told
        == "The reply as a whole: moved by 1.3, -0.8 pixels, scaled to 100.5%, bent, up to +6 levels of colour."
    )
