"""The foot of the Edit panel: what would be sent, what it costs and takes, Generate and Cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.base.text import tr
from app.gateways.types import Transport
from app.ui.dialogs.questions import QuestionBar
from app.ui.icons import icon
from app.ui.links import Links
from app.ui.theme import BUTTON_ICON, DARK, SPACE
from app.ui.widgets.labels import make_icon_button, make_label, make_line
from app.ui.wording import bytes_text, estimate_text, money_text, percent_text, price_text, size_text

if TYPE_CHECKING:
    from app.session.document_session import DocumentSession
    from app.session.money import OverLimit
    from app.session.workspace import Workspace


class GenerateBox(QWidget):
    """Mirrors a document's plan and its running requests."""

    send_anyway = Signal()
    """The monthly limit was told, and the request is to be sent all the same."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._session: DocumentSession | None = None
        self._links = Links()
        self._own_links = Links()
        self.plan = make_label(role="muted", wrap=True)
        # Two lines in any case: what stands above does not move as soon as something is painted.
        self.plan.setMinimumHeight(2 * self.plan.fontMetrics().lineSpacing() + 2)
        self.plan.setAlignment(Qt.AlignmentFlag.AlignBottom)
        self.warnings = make_label(role="warning", wrap=True)
        self.warnings.hide()
        self.inverted = make_label(tr("The mask goes inverted with the next request."), "warning", wrap=True)
        self.straight = make_icon_button("x", tr("Do not invert the mask"), size=14)
        self.straight.setObjectName("straightMask")
        self.straight.clicked.connect(self._straighten)
        self.question = QuestionBar(stacked=True)
        self.cost = make_label(role="muted", wrap=True)
        self.generate = QPushButton(tr("Generate"))
        self.generate.setObjectName("generate")
        self.generate.setAccessibleName(tr("Generate"))
        self.generate.setIcon(icon("sparkles", DARK.on_accent))
        self.generate.setIconSize(BUTTON_ICON)
        self.generate.setProperty("role", "primary")
        self.generate.setToolTip(tr("Send the painted area (Ctrl+Return)"))
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setAccessibleName(tr("Cancel the running requests of this photograph"))
        self.cancel.setObjectName("cancelRequests")
        self.cancel.setFixedHeight(32)
        # They keep their place: a click that comes as the last request ends must not meet Generate there, and
        # Generate stands where it stood before anything was painted.
        for each in (self.cancel, self.cost):
            keeping = each.sizePolicy()
            keeping.setRetainSizeWhenHidden(True)
            each.setSizePolicy(keeping)
        self.cancel.hide()
        self.inspect = make_icon_button("braces", tr("Inspect the request before it is sent"))
        self.inspect.setObjectName("inspect")
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.generate, 1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.inspect)
        words = QVBoxLayout()
        words.setContentsMargins(SPACE * 3 // 2, SPACE, SPACE * 3 // 2, SPACE * 3 // 2)
        words.setSpacing(SPACE // 2)
        turned = QHBoxLayout()
        turned.addWidget(self.inverted, 1)
        turned.addWidget(self.straight)
        words.addLayout(turned)
        words.addWidget(self.plan)
        words.addWidget(self.warnings)
        words.addWidget(self.question)
        words.addLayout(buttons)
        words.addWidget(self.cost)
        self.cost.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(make_line())
        column.addLayout(words)
        self._own_links.add(workspace.worker.changed.connect(lambda job: self.mirror_jobs()))

    def set_session(self, session: DocumentSession | None) -> None:
        self._links.clear()
        self._session = session
        self.question.dismiss()
        if session is not None:
            self._links.add(
                session.limit_reached.connect(self._ask_over_limit),
                session.planning.changed.connect(self.mirror),
                session.region.changed.connect(self.mirror),
                session.measuring.changed.connect(self.mirror),
                session.stage_changed.connect(self.mirror),
                session.preparing_changed.connect(self.mirror),
                session.form.changed.connect(lambda field: self.mirror()),
            )
        self.mirror()
        self.mirror_jobs()

    def detach(self) -> None:
        self._links.clear()
        self._own_links.clear()

    def mirror(self) -> None:
        """Show the plan, its warnings, its price and its time."""
        session = self._session
        parts = () if session is None else session.shown_parts
        plan = parts[0].plan if parts else None
        self.generate.setEnabled(plan is not None)
        self.inspect.setEnabled(plan is not None)
        for each in (self.inverted, self.straight):
            each.setVisible(session is not None and session.form.inverts_mask)
        preparing = session is not None and session.is_preparing
        ready = tr("Generate") if len(parts) < 2 else tr("Generate {count} requests", count=len(parts))
        self.generate.setText(tr("Preparing…") if preparing else ready)
        warnings = dict.fromkeys(sentence for part in parts for sentence in part.plan.warnings)
        self.warnings.setVisible(bool(warnings))
        if session is None or plan is None:
            paint = tr("Paint over what should change.")
            self.plan.setText(
                paint if session else tr("Open a photograph and paint over what should change.")
            )
            self.cost.setText("")
            self.cost.hide()
            return
        if len(parts) > 1:
            sizes = [size_text(part.plan.region.size) for part in parts]
            sent = tr("Sends {count} regions: {sizes} px", count=len(parts), sizes=", ".join(sizes[:3]))
            if len(sizes) > 3:
                sent += " …"
        elif session.planning.effective_mask is None:
            sent = tr("Nothing is painted: all of the photograph may change. Sends it")
        elif session.measuring.sent_bytes is not None:
            sent = tr("Sends {region} px", region=size_text(plan.region.size))
        else:
            sent = tr("Sends {region} px of the photograph", region=size_text(plan.region.size))
        if len(parts) > 1:
            pass
        elif plan.scale < 0.995:
            sent += " " + tr("at {share}", share=percent_text(plan.scale))
        elif plan.size_send != plan.region.size:
            sent += " " + tr("as {size}", size=size_text(plan.size_send))
        if session.measuring.sent_bytes is not None:
            sent += " · " + bytes_text(session.measuring.sent_bytes).replace(" ", "\u00a0")
        self.plan.setText(sent)
        self.warnings.setText("\n".join(warnings))
        self.cost.setText(" · ".join(self._costs(session)))
        self.cost.setVisible(bool(self.cost.text()))

    def _straighten(self) -> None:
        if self._session is not None:
            self._session.form.set_inverts_mask(False)

    def mirror_jobs(self) -> None:
        """Cancel stands beside Generate while something of this document is under way."""
        session = self._session
        self.cancel.setVisible(
            session is not None
            and any(
                job.document_id == session.id and not job.state.is_final
                for job in self._workspace.worker.jobs
            )
        )

    def _ask_over_limit(self, over: OverLimit) -> None:
        """Say what it would come to, where Generate was pressed; nothing is sent before the answer."""
        self.question.ask(
            tr(
                "{title}: {spent} of {limit} are spent this month. This costs {cost}.",
                title=over.title,
                spent=money_text(over.spent, over.currency),
                limit=money_text(over.limit, over.currency),
                cost=tr("about {price}", price=money_text(over.cost, over.currency))
                if over.cost
                else tr("an unknown amount"),
            ),
            (tr("Do not send"), self.generate.setFocus),
            (tr("Send anyway"), self.send_anyway.emit),
        )

    def _costs(self, session: DocumentSession) -> list[str]:
        form = session.form
        parts = []
        if session.planning.requests.seconds is not None:
            parts.append(estimate_text(session.planning.requests.seconds))
        if form.profile.transport is Transport.IN_PROCESS:
            parts.append(tr("free, on this computer"))
        else:
            quality = form.taken_values().get("quality")
            by_quality = form.card.price_by_quality
            price = price_text(
                session.estimated_cost(),
                at_most=bool(by_quality) and str(quality) not in by_quality,
            )
            parts.append(price or tr("price unknown"))
        return parts
