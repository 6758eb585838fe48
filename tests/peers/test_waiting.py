"""Case 57 for once in real time: an answer that takes four minutes is a success."""

import json
import time

import numpy as np
import pytest
from PIL import Image

from tests.peers.conftest import SLOW_SECONDS, SlowEdit, Subject


@pytest.mark.timeout(SLOW_SECONDS + 120)
def test_an_answer_after_four_minutes_is_taken(slow_edit: SlowEdit, subject: Subject) -> None:
    out, err = slow_edit.process.communicate(timeout=SLOW_SECONDS + 60)
    assert time.monotonic() - slow_edit.began >= SLOW_SECONDS
    assert slow_edit.process.returncode == 0, err
    (result,) = json.loads(out)["results"]
    assert result["outside_changed_pixels"] == 0
    with Image.open(slow_edit.output) as image:
        after = np.asarray(image)
    assert np.array_equal(after[subject.keep], subject.pixels[subject.keep])
    assert not np.array_equal(after[~subject.keep], subject.pixels[~subject.keep])
