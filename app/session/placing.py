"""The one way from a received picture to a candidate: just arrived, of a restart, or from the history.

The same bytes give the same pixels each time. Nothing here writes to the history.
"""

from __future__ import annotations

import numpy as np

from app.document.layers import LayerSource
from app.edits.alignment import align
from app.edits.composite import compose
from app.edits.report import report_edit
from app.edits.types import EditRequest, Report
from app.history.types import HistoryResult
from app.imaging.codecs import decode_picture
from app.imaging.recipe import Align
from app.session.candidates import Candidate


def placed(request: EditRequest, row: HistoryResult, data: bytes, *, judged: bool) -> Candidate:
    """The received file `data` of a result brought to its request's place and scale. Takes a while.

    `judged`: find out anew what the model did outside the mask; else it is told as far as `row` knows it.

    Raises:
        PhotographError: `data` is no usable picture.
    """
    reply = decode_picture(data)
    aligned = align(request, reply, Align.AUTO) if judged else None
    patch = compose(request, reply, request.coverage, request.recipe, aligned=aligned)
    if aligned is not None:
        report = report_edit(request, patch, aligned)
    else:
        outside = int(np.count_nonzero(request.coverage == 0))
        report = Report(row.outside_changed_pixels or 0, row.leak, outside_pixels=outside)
    return Candidate(
        result_id=row.id,
        entry_id=request.id,
        number=row.index + 1,
        patch=patch,
        report=report,
        prompt=request.prompt,
        model=request.model,
        revised_prompt=row.revised_prompt,
        seed=row.seed,
        source=LayerSource(data, request.picture, request.coverage, request.plan.placement),
    )
