//! The connection to the server, as it is shown.

use std::time::Duration;

use cairn_client::proto::ids::Timestamp;
use cairn_client::proto::wire::error::ErrorCode;

use crate::limits::RECOVERY_TIME;
use crate::time::{plus, since};

/// The connection to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// It is being established for the first time.
    #[default]
    Connecting,
    /// It is established.
    Online,
    /// It is not.
    Offline {
        /// Why.
        why: LinkFault,
        /// When the client tries again, if known.
        again_at: Option<Timestamp>,
    },
    /// The client has ended for good.
    Ended(LinkFault),
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// The server did not answer.
    Unreachable,
    /// An established connection broke.
    Lost,
    /// The server has another key.
    WrongPin,
    /// The server refused the login.
    Refused(ErrorCode),
    /// The server's version does not fit.
    Incompatible,
    /// This device was revoked.
    Revoked,
    /// Any other cause.
    Other,
}

/// What a user interface shows of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkView {
    /// It is being established for the first time.
    Connecting,
    /// It is established.
    Online,
    /// It broke less than [`RECOVERY_TIME`] ago. Nothing is shown.
    Recovering,
    /// It is lost.
    Offline {
        /// Since when.
        since: Timestamp,
        /// When the client tries again, if known.
        again_at: Option<Timestamp>,
        /// Why.
        why: LinkFault,
    },
    /// The client has ended for good.
    Ended(LinkFault),
}

/// The connection, and since when it is missing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LinkState {
    link: Link,
    missing_since: Option<Timestamp>,
    was_online: bool,
}

impl LinkState {
    /// Applies a change. If the connection is established now, returns for how long it was missing;
    /// forever, if it is the first one.
    pub(crate) fn set(&mut self, link: Link, now: Timestamp) -> Option<Duration> {
        let was_online = self.is_online();
        self.link = link;
        if !self.is_online() {
            self.missing_since.get_or_insert(now);
            return None;
        }
        let missing_since = self.missing_since.take().unwrap_or(now);
        let is_first = !std::mem::replace(&mut self.was_online, true);
        (!was_online).then(|| match is_first {
            true => Duration::MAX,
            false => since(missing_since, now),
        })
    }

    pub(crate) const fn is_online(&self) -> bool {
        matches!(self.link, Link::Online)
    }

    /// When the view changes by itself.
    pub(crate) fn shown_at(&self) -> Option<Timestamp> {
        match self.link {
            Link::Offline { .. } => self.missing_since.map(|at| plus(at, RECOVERY_TIME)),
            _ => None,
        }
    }

    pub(crate) fn view(&self, now: Timestamp) -> LinkView {
        match self.link {
            Link::Connecting => LinkView::Connecting,
            Link::Online => LinkView::Online,
            Link::Ended(why) => LinkView::Ended(why),
            Link::Offline { .. } if self.shown_at().is_some_and(|at| now < at) => {
                LinkView::Recovering
            }
            Link::Offline { why, again_at } => LinkView::Offline {
                since: self.missing_since.unwrap_or(now),
                again_at,
                why,
            },
        }
    }
}
