//! States of messages, of the connection and of the cache.

use cairn_proto::ids::Timestamp;
use cairn_session::store::Condition;
use cairn_session::{Doubt, Failure, FileFault, LinkFault, LinkView, SendState};

/// The state of an own message; `None` for what needs no word.
pub(crate) fn send_state(state: &SendState) -> String {
    match state {
        SendState::Queued => "queued".to_owned(),
        SendState::Uploading { done, of } => {
            let percent = done.saturating_mul(100).checked_div(*of).unwrap_or(0);
            format!("uploading {percent} %; x cancels")
        }
        SendState::Sent => "sent".to_owned(),
        SendState::Stored(_) => "stored".to_owned(),
        SendState::Delivered { by, of } if of <= by => "delivered".to_owned(),
        SendState::Delivered { by, of } => format!("delivered to {by} of {of}"),
        SendState::Read { by, of } if of <= by => "read".to_owned(),
        SendState::Read { by, of } => format!("read by {by} of {of}"),
        SendState::Failed(failure) => {
            format!(
                "not sent: {}; s sends it again, x drops it",
                failed(failure)
            )
        }
        SendState::Unknown(doubt) => format!(
            "may have been sent: {}; s sends it again, x drops it",
            doubted(*doubt)
        ),
    }
}

pub(crate) fn failed(failure: &Failure) -> String {
    match failure {
        Failure::Refused(code) => code.to_string(),
        Failure::TooLong => "too long".to_owned(),
        Failure::Empty => "empty".to_owned(),
        Failure::OutboxFull => "too many messages are queued".to_owned(),
        Failure::File(fault) => match fault {
            FileFault::Missing => "there is no such file".to_owned(),
            FileFault::Changed => "the file changed".to_owned(),
            FileFault::Unreadable => "the file cannot be read".to_owned(),
            FileFault::TooLarge => "the file is too large".to_owned(),
        },
        Failure::Ended => "this device was logged out".to_owned(),
    }
}

pub(super) const fn doubted(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::TooOld => "the server does not remember so far back",
        Doubt::Conflict => "its number was used for another message",
        Doubt::Damaged => "the stored queue was damaged",
        Doubt::Copied => "this profile may be a copy of another one",
        Doubt::Stream => "this profile was copied, or its cache lost",
    }
}

/// The state of the connection; `None` while nothing needs to be said.
pub(crate) fn link(link: &LinkView, now: Timestamp) -> Option<String> {
    match link {
        LinkView::Online | LinkView::Recovering => None,
        LinkView::Connecting => Some("connecting".to_owned()),
        LinkView::Offline { again_at, why, .. } => {
            let again = again_at.map_or(0, |at| at.get().saturating_sub(now.get()).div_ceil(1000));
            Some(match again {
                0 => format!("offline ({}); messages are queued", fault(*why)),
                _ => format!("offline ({}); messages are queued, retrying", fault(*why)),
            })
        }
        LinkView::Ended(why) => Some(format!("disconnected: {}", fault(*why))),
    }
}

fn fault(fault: LinkFault) -> String {
    match fault {
        LinkFault::Unreachable => "server not reachable".to_owned(),
        LinkFault::Lost => "connection lost".to_owned(),
        LinkFault::WrongPin => "the server's key changed; this may be another server".to_owned(),
        LinkFault::Refused(code) => code.to_string(),
        LinkFault::Incompatible => "client and server differ in version".to_owned(),
        LinkFault::Revoked => "this device was logged out; `cairn login` logs it in".to_owned(),
        LinkFault::Other => "connection failed".to_owned(),
    }
}

/// What became of the stored messages; `None` if they are as they were.
pub(crate) fn condition(condition: &Condition) -> Option<String> {
    Some(match condition {
        Condition::Kept | Condition::NotKept | Condition::InUse => return None,
        Condition::Unusable(error) => format!("Nothing is kept on disk: {error}"),
        Condition::Damaged(damage) => format!(
            "The cache was damaged: {} drafts and {} queued messages were saved, see {}",
            damage.drafts,
            damage.outbox,
            damage.aside.display()
        ),
        Condition::Copied { outbox } => {
            format!("This profile is a copy: {outbox} queued messages may have been sent")
        }
        Condition::OtherAccount { aside } => {
            format!(
                "The cache was of another account; it is now {}",
                aside.display()
            )
        }
    })
}
