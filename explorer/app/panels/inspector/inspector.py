"""Everything about what is selected: its parameters, to be edited, its problems and its figures."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from html import escape

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from explorer.analysis.facts import Facts
from explorer.analysis.fixes import fixes
from explorer.analysis.problem import Problem, problems
from explorer.analysis.report import Report
from explorer.app import theme
from explorer.app.number import bytes_text, grouped, percent, shape_or_unknown
from explorer.app.panels.inspector.figure_column import FigureColumn
from explorer.app.panels.inspector.input_form import InputForm
from explorer.app.panels.inspector.inspector_rows import field_rows, kept_row, sharing_rows
from explorer.app.panels.inspector.name_field import NameField
from explorer.app.panels.inspector.parameter_bars import Bar, ParameterBars
from explorer.app.panels.inspector.selection_target import SelectionTarget, target_of
from explorer.app.panels.problems.advice_row import AdviceList
from explorer.app.session import Session
from explorer.app.widgets.column import clear
from explorer.app.widgets.fix_button import FixButton
from explorer.app.widgets.label import label, link, link_label
from explorer.app.widgets.live_panel import Redraw
from explorer.app.widgets.parameter_form import ParameterForm
from explorer.catalog import KINDS, Kind
from explorer.catalog.kind import PORTS
from explorer.catalog.roles import GROUP
from explorer.graph import edits
from explorer.graph.edits import Edit, EditError
from explorer.graph.file import LONGEST_NAME
from explorer.graph.graph import Graph, Value
from explorer.text import _, ngettext

EDGE, SECTION = 16, 12
MOST_PROBLEMS = 3
MOST_FIGURES = 12  # rows, made in advance
_SENTENCE_END = re.compile(r"(?<! al\.)(?<=\.) ")
_NUMBER_BYTES = 4  # of a float32
# The parameters that are marked if a rule is broken.
_PARAMS_OF_RULE = {
    "kernel": ("kernel_size",),
    "groups": ("groups",),
    "padding": ("padding",),
    "classes": ("classes", "out_features"),
}


class Inspector(QScrollArea):
    """The selected node or nodes, or the whole network: name, form, problems, figures, parameters by
    block."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.target: SelectionTarget = target_of(session)
        self._forms: dict[str, ParameterForm] = {}
        self.form: ParameterForm | None = None
        self._shown_problems: tuple[object, ...] = ()  # their report, then the problems
        self._build()
        self.redraw = Redraw(self._content, self.refresh)
        for signal in (session.changed, session.advice.changed, theme.changed):
            signal.connect(self.redraw.mark)
        session.memory.changed.connect(self._on_memory)
        self._preparation: Iterator[None] = iter(())
        self._idle = QTimer(self, interval=0)
        self._idle.timeout.connect(self._prepare_next)

    # Building ---------------------------------------------------------------------------------

    def _build(self) -> None:
        self.name = NameField()
        self.name.renamed.connect(self._rename)
        self.links = link_label()
        self.links.linkActivated.connect(self._follow_link)
        self.about = link_label(wrap=True)
        self.about.linkActivated.connect(self._unfold_doc)
        self._unfolded_kind = ""  # its whole description is shown
        self.reason = link_label(wrap=True)
        self.reason.linkActivated.connect(self._follow_link)
        self.fixes = QWidget()
        self._fix_column = QVBoxLayout(self.fixes)
        self._fix_column.setContentsMargins(0, 0, 0, 0)
        self._fix_column.setSpacing(6)
        self.input = InputForm(self._session)
        self._form_place = QVBoxLayout()
        self.measured = FigureColumn()
        self.bars_heading = label("", "heading")
        self.bars = ParameterBars()
        self.bars.picked.connect(self._pick)
        self.classes_heading = label("", "heading")
        self.classes = label("", "small", wrap=True)
        self.advice = AdviceList(self._session)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.name, 1)
        top.addWidget(self.links)
        head = QVBoxLayout()
        head.setSpacing(4)
        head.addLayout(top)
        head.addWidget(self.about)
        head.addSpacing(2)
        head.addWidget(self.reason)
        self._content = QWidget()
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(EDGE, EDGE, EDGE, EDGE)
        self._column.setSpacing(SECTION)
        self._column.addLayout(head)
        self._column.addWidget(self.fixes)
        self._column.addLayout(self._form_place)
        self._column.addWidget(self.input)
        self._measured_line = _line()
        measured_heading = label(_("Measured").upper(), "heading")
        self._bars_line, self._classes_line = _line(), _line()
        self._advice_line = _line()
        self.advice_heading = label(_("Advice").upper(), "heading")
        for line, heading, content in (
            (self._advice_line, self.advice_heading, self.advice),
            (self._measured_line, measured_heading, self.measured),
            (self._bars_line, self.bars_heading, self.bars),
            (self._classes_line, self.classes_heading, self.classes),
        ):
            section = QVBoxLayout()
            section.setSpacing(8)
            section.addWidget(line)
            section.addSpacing(4)
            section.addWidget(heading)
            section.addWidget(content)
            self._column.addLayout(section)
        self._column.addStretch(1)
        self.setWidget(self._content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(264)

    # Showing ----------------------------------------------------------------------------------

    def _on_memory(self) -> None:
        if not self.redraw.due:  # otherwise everything is about to be shown again
            self._show_figures()

    def refresh(self) -> None:
        """Show what is selected as it is now."""
        target = self.target = target_of(self._session)
        report = self._session.report
        own = tuple(target.problems_of((*problems(report), *self._session.misfits)))
        self._show_head(target)
        shown: tuple[object, ...] = (report, *own) if own else ()
        if shown != self._shown_problems:
            self._shown_problems = shown
            self._show_problems(own)
        self._show_advice(target)
        self._show_form(target, own)
        self._show_figures()
        self._show_bars()
        self._show_data(not target.ids)
        self._preparation = self._prepare()
        self._idle.start()

    def _prepare(self) -> Iterator[None]:
        """Make the forms for the nodes in view, one row at a time, so that a click need not wait."""
        self.measured.prepare(MOST_FIGURES)
        for facts in list(self._session.shown_facts.values()):
            yield from self._form_of(facts.kind.name).prepare(vars(facts.settings))

    def _prepare_next(self) -> None:
        if next(self._preparation, self) is self:
            self._idle.stop()

    def rename(self) -> None:
        """Let the person type another name for what is selected."""
        self.redraw.settle()
        self.ensureWidgetVisible(self.name)
        self.name.start_editing()

    def _show_head(self, target: SelectionTarget) -> None:
        session, facts = self._session, target.only
        links = []
        if not target.ids:
            self.name.show_name(session.graph.name, True)
            count = len(session.report.layers())
            layers = ngettext("{count} layer", "{count} layers", count).format(count=grouped(count))
            self.about.setText(f"{_nodes_text(len(session.graph.nodes))} · {layers}")
        elif facts is None:
            self.name.show_name(_nodes_text(len(target.ids)), False)
            self.about.setText(escape(", ".join(target.ids)))
        else:
            self.name.show_name(target.ids[0], target.declared_in is None)
            self._show_doc(facts.kind)
            if facts.inner is not None or facts.children:
                if target.path != session.view:
                    links.append(link("open", _("Open")))
                if target.declared_in is None and facts.kind is not GROUP:
                    links.append(link("inside", _("Edit inside")))
                if facts.inner is not None:
                    links.append(link("keep", _("Save to palette")))
        self.links.setText("&nbsp;&nbsp; ".join(links))
        self.reason.setVisible(target.declared_in is not None)
        if target.declared_in is not None:
            block = session.facts_of(target.declared_in)
            assert block is not None
            kind = block.kind
            self.reason.setText(
                _("Defined by the {kind} {node}. {link} makes it your own.").format(
                    kind=kind.title or kind.name,
                    node=f"<b>{target.declared_in}</b>",
                    link=link("own", _("Edit inside")),
                )
            )

    def _show_doc(self, kind: Kind) -> None:
        """Show the first sentence on the kind, with a link to the others, or all once unfolded."""
        first, *rest = _SENTENCE_END.split(kind.doc, maxsplit=1)
        if kind.name == self._unfolded_kind or not rest:
            text = escape(kind.doc)
        else:
            text = f"{escape(first)} {link('more', _('more'))}"
        self.about.setText(f"{escape(kind.title or kind.name)} · {text}")
        self.about.setToolTip(f"<p>{escape(kind.doc)}</p>" if rest else "")

    def _unfold_doc(self, _link: str) -> None:
        if self.target.only is not None:
            self._unfolded_kind = self.target.only.kind.name
            self._show_doc(self.target.only.kind)

    def _show_problems(self, own: tuple[Problem, ...]) -> None:
        clear(self._fix_column)
        for problem in own[:MOST_PROBLEMS]:
            self._fix_column.addWidget(label(problem.message, "problem", wrap=True))
            for number, fix in enumerate(fixes(self._session.report, problem)):
                self._fix_column.addWidget(FixButton(self._session, fix, number == 0, 11))
        if len(own) > MOST_PROBLEMS:
            more = len(own) - MOST_PROBLEMS
            rest = ngettext(
                "and {count} more problem inside", "and {count} more problems inside", more
            )
            self._fix_column.addWidget(label(rest.format(count=more), "small"))
        self.fixes.setVisible(bool(own))

    def _show_advice(self, target: SelectionTarget) -> None:
        shown = self._session.advice.shown
        advice = tuple(target.problems_of(shown)) if target.ids else shown
        self.advice.show_advice(advice)
        for widget in (self._advice_line, self.advice_heading, self.advice):
            widget.setVisible(bool(advice))

    def _show_form(self, target: SelectionTarget, problems: tuple[Problem, ...]) -> None:
        kinds = {facts.kind.name for facts in target.facts.values()}
        form = self._form_of(kinds.pop()) if len(kinds) == 1 else None
        if form is not self.form:
            if self.form is not None:
                self.form.hide()
            self.form = form
        self.input.setVisible(not target.ids)
        if not target.ids:
            self.input.refresh()
        if form is None:
            return
        values = [vars(facts.settings) for facts in target.facts.values()]
        mixed = {name for name in values[0] if any(v[name] != values[0][name] for v in values)}
        wrong = {
            name
            for problem in problems
            if problem.path in target.paths
            for name in _PARAMS_OF_RULE.get(problem.rule, ())
        }
        form.show_values(values[0], target.declared_in is None, mixed, wrong)
        form.setVisible(bool(form.params))

    def _form_of(self, kind: str) -> ParameterForm:
        if kind not in self._forms:
            form = self._forms[kind] = ParameterForm(KINDS[kind].params)
            form.hide()
            form.edited.connect(self._set)
            form.reset.connect(self._reset)
            self._form_place.addWidget(form)
        return self._forms[kind]

    def _show_figures(self) -> None:
        self.measured.set_rows(self._figures(self.target))

    def _figures(self, target: SelectionTarget) -> list[tuple[str, str, str]]:
        report = self._session.report
        batch = self._session.memory.batch
        facts, only = list(target.facts.values()), target.only
        rows = []
        if only is not None:
            names = (
                [_("In")]
                if len(only.ins) == 1
                else [_("In {port}").format(port=port) for port in PORTS[: len(only.ins)]]
            )
            rows = [
                (name, shape_or_unknown(shape), _("Channels × height × width of the input"))
                for name, shape in zip(names, only.ins)
            ]
            tip = _("Channels × height × width of the output")
            rows.append((_("Out"), shape_or_unknown(only.out), tip))
            rows += field_rows(report.fields.of(target.path), report.graph.input)
        elif not facts:
            rows = [(_("Out"), shape_or_unknown(report.output), _("A score for each class"))]
        # For a layer with a fault these figures are unknown, which is not 0.
        known = not any(each.fault for each in facts)
        counted: Sequence[Facts | Report] = facts or [report]
        params, macs, outputs = (
            sum(getattr(each, what) for each in counted)
            for what in ("params", "macs", "activations")
        )
        rows += [
            (_("Parameters"), grouped(params) if known else "?", _("Learned numbers")),
            (_("MACs"), grouped(macs) if known else "?", _("Fused multiply-adds for one picture")),
            kept_row(self._session.memory, report)
            if not facts
            else (
                _("Outputs, batch {count}").format(count=batch),
                bytes_text(outputs * _NUMBER_BYTES * batch) if known else "?",
                _(
                    "The outputs of the layers here, in float32. A run keeps less where the backward "
                    "pass does not need them, and more where a layer keeps masks or indices; what it "
                    "keeps of the whole network is shown when nothing is selected."
                ),
            ),
        ]
        if facts and report.params and known:
            rows.append(
                (
                    _("Share of parameters"),
                    percent(params / report.params),
                    ngettext(
                        "Of the {count} parameter of the whole network",
                        "Of the {count} parameters of the whole network",
                        report.params,
                    ).format(count=grouped(report.params)),
                )
            )
        if only is not None:
            rows += sharing_rows(only)
        return rows

    def _show_bars(self) -> None:
        session = self._session
        heading = _("Parameters inside {block}") if session.view else _("Parameters by block")
        self.bars_heading.setText(heading.format(block=session.view).upper())
        self.bars.set_bars(
            [
                Bar(id, facts.params, facts.kind.category)
                for id, facts in session.shown_facts.items()
            ],
            session.report.known,
        )
        self.bars.set_selected(session.selection)

    def _show_data(self, shown: bool) -> None:
        data = self._session.data
        for widget in (self._classes_line, self.classes_heading, self.classes):
            widget.setVisible(shown)
        if not data.labelled:
            self.classes_heading.setText(data.title.upper())
            self.classes.setText(data.doc)
            return
        count = len(data.classes)
        heading = ngettext("{count} class of {data}", "{count} classes of {data}", count)
        self.classes_heading.setText(heading.format(count=count, data=data.title).upper())
        self.classes.setText(", ".join(data.classes))

    # Actions ------------------------------------------------------------------------------------

    def _edit(self, label: str, edit: Edit, burst: str = "") -> bool:
        return self._session.edit(label, edit, burst=burst or None, whole=True)

    def _set(self, name: str, value: Value, burst: str) -> None:
        self._edit(
            _("Set {name} of {node}").format(name=self._param_name(name), node=self._target_name()),
            self.target.setting(name, value),
            burst and f"{self._target_name()}.{burst}",
        )

    def _reset(self, name: str) -> None:
        self._edit(
            _("Reset {name} of {node}").format(
                name=self._param_name(name), node=self._target_name()
            ),
            self.target.resetting(name),
        )

    def _param_name(self, name: str) -> str:
        """A parameter in an edit's label."""
        assert self.form is not None  # one of its fields was edited
        return next(param.called_within for param in self.form.params if param.name == name)

    def _target_name(self) -> str:
        """The target in an edit's label."""
        paths = self.target.paths
        return str(paths[0]) if len(paths) == 1 else _nodes_text(len(paths))

    def _rename(self, name: str) -> None:
        target = self.target
        if not target.ids:
            self._edit(
                _("Rename the network to {name}").format(name=name),
                partial(_renamed_network, name=name),
            )
        elif self._edit(
            _("Rename {old} to {new}").format(old=target.ids[0], new=name),
            target.of_network(partial(edits.rename, old=target.ids[0], new=name)),
        ) and (self._session.view == target.scope):
            self._session.select({name})
        self.redraw.mark()  # a refused name is replaced too

    def _follow_link(self, name: str) -> None:
        session, target = self._session, self.target
        if name == "open":
            session.open(target.path)
        elif name == "keep":
            session.keep_block(target.path)
        else:
            path = target.declared_in or target.path
            if session.view != path.scope:
                session.open(path.scope)
            session.edit_inside(path)

    def _pick(self, id: str) -> None:
        self._session.select({id})

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2:
            self.rename()
        else:
            super().keyPressEvent(event)


def _renamed_network(graph: Graph, name: str) -> Graph:
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise EditError(
            _("A network's name has 1 to {most} printable characters").format(most=LONGEST_NAME)
        )
    return replace(graph, name=name)


def _nodes_text(count: int) -> str:
    return ngettext("{count} node", "{count} nodes", count).format(count=grouped(count))


def _line() -> QFrame:
    line = QFrame()
    line.setProperty("card", True)  # only its border is visible
    line.setFixedHeight(1)
    return line
