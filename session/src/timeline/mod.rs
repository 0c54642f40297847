//! Timelines: the rows of a conversation's window.

mod build;
mod date;
mod receipts;
mod row;
mod system;
mod view;
mod want;
mod window;

pub(crate) use self::build::{Source, rows};
pub(crate) use self::date::{DateSearch, DateStep};
pub(crate) use self::receipts::Cursors;
pub use self::row::{MessageRow, Row, RowKey, What};
pub use self::system::SystemLine;
pub use self::view::WindowView;
pub(crate) use self::want::Want;
pub use self::window::{Anchor, AnchorTo, DateJump};
pub(crate) use self::window::{Asked, Divider, Seen, Window};
