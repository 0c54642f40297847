//! Lines of styled text. Parts of them may be links.

use std::fmt;
use std::sync::Arc;

use ratatui::style::Style;

/// A piece of text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) content: String,
    pub(crate) style: Style,
    /// The address that the text stands for.
    pub(crate) link: Option<Arc<str>>,
}

/// A line of text in several styles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) spans: Vec<Span>,
}

impl Span {
    pub(crate) fn styled(content: impl Into<String>, style: Style) -> Self {
        Self {
            content: content.into(),
            style,
            link: None,
        }
    }
}

impl Line {
    pub(crate) fn styled(content: impl Into<String>, style: Style) -> Self {
        Self::from(Span::styled(content, style))
    }

    pub(crate) fn push_span(&mut self, span: Span) {
        self.spans.push(span);
    }
}

impl From<Span> for Line {
    fn from(span: Span) -> Self {
        Self { spans: vec![span] }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spans
            .iter()
            .try_for_each(|span| f.write_str(&span.content))
    }
}
