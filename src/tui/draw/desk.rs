//! The support desk over the timeline: what is offered, held and waiting, and the queues.

use cairn_proto::ids::ConversationId;
use cairn_proto::model::desk::InquiryInfo;
use cairn_session::DeskView;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::app::model::desk::left;
use crate::tui::app::model::state::State;
use crate::tui::draw::rows::summary;
use crate::tui::text::line::{Line, Span};
use crate::tui::text::markup::one_line;
use crate::tui::text::words::desk as said;
use crate::tui::text::wrap::wrap;
use crate::tui::text::{paint, words};
use crate::tui::theme::Role;

/// One line, and the inquiry that it is about.
struct Row {
    line: Line,
    of: Option<ConversationId>,
}

/// The widths of the columns: who, in which queue, how it stands.
#[derive(Clone, Copy)]
struct Columns {
    who: usize,
    queue: usize,
    state: usize,
    /// All of them.
    width: usize,
}

impl Columns {
    const fn of(width: usize) -> Self {
        match width {
            0..60 => Self {
                who: 12,
                queue: 0,
                state: 8,
                width,
            },
            60..100 => Self {
                who: 16,
                queue: 12,
                state: 9,
                width,
            },
            _ => Self {
                who: 24,
                queue: 18,
                state: 10,
                width,
            },
        }
    }
}

pub(super) fn draw(state: &State, buffer: &mut Buffer, area: Rect) {
    let (Some(desk), Some(pane)) = (&state.world.desk, &state.desk) else {
        return;
    };
    let ambiguous = state.settings.ambiguous;
    let at = |y: u16| Rect {
        y: area.y + y,
        height: 1,
        ..area
    };
    for y in 0..area.height {
        paint::fill(buffer, at(y), Style::new());
    }
    if area.height == 0 {
        return;
    }
    let title = Line::styled(said::title(desk), state.settings.theme.style(Role::Unread));
    paint::line(buffer, at(0), &title, ambiguous, &mut Vec::new());
    let selected = pane.selected(desk).map(|(_, info)| info.conversation);
    let rows = rows(state, desk, usize::from(area.width));
    let shown = usize::from(area.height - 1);
    let place = rows
        .iter()
        .position(|row| row.of.is_some() && row.of == selected);
    // The selected line, and what follows it, are on screen.
    let first = place.map_or(0, |place| (place + 3).saturating_sub(shown));
    let first = first.min(rows.len().saturating_sub(shown));
    for (y, row) in (1..area.height).zip(rows.iter().skip(first)) {
        let is_selected = row.of.is_some() && row.of == selected;
        let mut line = row.line.clone();
        if is_selected {
            let style = state.settings.theme.style(Role::Selected);
            paint::fill(buffer, at(y), style);
            line.spans.iter_mut().for_each(|span| span.style = style);
            line.spans.insert(0, Span::styled("> ", style));
        } else if row.of.is_some() {
            line.spans.insert(0, Span::styled("  ", Style::new()));
        }
        paint::line(buffer, at(y), &line, ambiguous, &mut Vec::new());
    }
}

fn rows(state: &State, desk: &DeskView, width: usize) -> Vec<Row> {
    let columns = Columns::of(width);
    let mut rows = Vec::new();
    let theme = state.settings.theme;
    let head = |rows: &mut Vec<Row>, text: &str| {
        rows.push(plain(""));
        rows.push(Row {
            line: Line::styled(text, theme.style(Role::Dim)),
            of: None,
        });
    };
    let row = |info: &InquiryInfo, standing: (String, Style), text: String| Row {
        line: line(state, desk, info, standing, &text, columns),
        of: Some(info.conversation),
    };
    if !desk.offers.is_empty() {
        head(&mut rows, said::OFFERED);
        rows.extend(desk.offers.iter().map(|offer| {
            let left = said::seconds(left(desk, offer, state.now));
            let text = format!("\"{}\"", one_line(offer.first.as_str()));
            row(&offer.info, (left, theme.style(Role::MentionMe)), text)
        }));
    }
    if !desk.held.is_empty() {
        head(&mut rows, said::HELD);
        let held = desk.held.iter();
        rows.extend(held.map(|info| {
            let (standing, text) = held_by_me(state, info);
            row(info, standing, text)
        }));
    }
    if !desk.waiting.is_empty() {
        head(&mut rows, said::WAITING);
        rows.extend(desk.waiting.iter().map(|info| {
            let name = |user| state.world.name(user);
            let waits = said::waits(info, state.now.get(), &name);
            row(info, (waits, Style::new()), said::marks(info).join(" "))
        }));
    }
    if desk.offers.is_empty() && desk.held.is_empty() {
        rows.push(plain(""));
        let text = said::nothing(desk.agent.duty);
        let lines = wrap(text, width.max(1), state.settings.ambiguous);
        rows.extend(lines.into_iter().map(|line| plain(&text[line])));
    }
    head(&mut rows, said::QUEUES);
    rows.extend(desk.queues.iter().map(|queue| {
        let name = one_line(queue.config.name.as_str());
        let width = columns.who + 2;
        let name = fitted(state, &name, width);
        plain(format!("  {name}{}", said::queue(&queue.counts)))
    }));
    rows
}

fn plain(text: impl Into<String>) -> Row {
    Row {
        line: Line::styled(text, Style::new()),
        of: None,
    }
}

/// How an own inquiry stands, and what was said last.
fn held_by_me(state: &State, info: &InquiryInfo) -> ((String, Style), String) {
    let Some(listed) = state.world.conversation(info.conversation) else {
        return ((said::OPENING.to_owned(), Style::new()), String::new());
    };
    let standing = match listed.unread.messages {
        0 => {
            let since = listed.active_at.get();
            (
                said::span(state.now.get().saturating_sub(since)),
                Style::new(),
            )
        }
        count => {
            let style = state.settings.theme.style(Role::Unread);
            (said::new_messages(count), style)
        }
    };
    let text = match &listed.last {
        _ if !listed.typing.is_empty() => said::TYPING.to_owned(),
        Some((_, entry)) if entry.sender == state.settings.me => said::yours(&summary(entry)),
        Some((_, entry)) if entry.body.is_message() => summary(entry),
        _ => String::new(),
    };
    let text = match &listed.draft {
        Some(draft) => format!("{}: {}", words::DRAFT, one_line(draft)),
        None => text,
    };
    let tags: Vec<String> = info.tags.iter().map(said::tag).collect();
    (
        standing,
        format!("{} {text}", tags.join(" ")).trim().to_owned(),
    )
}

fn fitted(state: &State, text: &str, columns: usize) -> String {
    let ambiguous = state.settings.ambiguous;
    let text = ambiguous.shortened(text, columns.saturating_sub(1));
    let pad = columns.saturating_sub(ambiguous.text(&text));
    format!("{text}{}", " ".repeat(pad))
}

/// An inquiry in columns.
fn line(
    state: &State,
    desk: &DeskView,
    info: &InquiryInfo,
    (standing, style): (String, Style),
    text: &str,
    columns: Columns,
) -> Line {
    let dim = state.settings.theme.style(Role::Dim);
    let mut line = Line::styled(
        fitted(state, &said::visitor(&info.visitor), columns.who),
        Style::new().bold(),
    );
    if columns.queue > 0 {
        let queue = desk
            .queue(info.queue)
            .map(|queue| queue.config.name.as_str());
        let queue = one_line(queue.unwrap_or_default());
        line.push_span(Span::styled(fitted(state, &queue, columns.queue), dim));
    }
    let standing = fitted(state, &standing, columns.state);
    let blanks = standing.len() - standing.trim_end().len();
    line.push_span(Span::styled(standing.trim_end(), style));
    line.push_span(Span::styled(" ".repeat(blanks), Style::new()));
    let used = 2 + columns.who + columns.queue + columns.state;
    let left = columns.width.saturating_sub(used);
    let text = state.settings.ambiguous.shortened(text, left);
    line.push_span(Span::styled(text, Style::new()));
    line
}
