//! Text on a terminal: widths, line breaks, markup.

pub(crate) mod line;
pub(crate) mod markup;
pub(crate) mod paint;
pub(crate) mod width;
pub(crate) mod words;
pub(crate) mod wrap;
