//! Cards: members and settings, a person, receipts, the terms of an unread count.

use cairn_proto::ids::MsgId;
use cairn_proto::model::conversation::Explained;
use cairn_proto::model::notification::NotificationLevel;
use cairn_proto::model::people::{Friendship, Relation};
use cairn_proto::model::presence::Presence;
use cairn_proto::model::receipts::{Reads, ReceiptCounts};
use cairn_proto::model::retention::Retention;
use cairn_proto::model::user::{UserInfo, UserState};

pub(crate) const MEMBERS_HINT: &str = "Type to find; Enter shows or changes";
pub(crate) const CARD_HINT: &str = "Type to find a line";
pub(crate) const QUIET: &str = "Notify of nothing for 8 hours";
pub(crate) const MUTED: &str = "muted";
pub(crate) const YOU: &str = "you";
pub(crate) const GO_UNREAD: &str = "Go to the first unread message";
pub(crate) const MARK_READ: &str = "Mark as read";
pub(crate) const MENTION: &str = "Mention here";
pub(crate) const ASK_FRIEND: &str = "Send a friend request";
pub(crate) const WITHDRAW_FRIEND: &str = "Withdraw the friend request";
pub(crate) const ACCEPT_FRIEND: &str = "Accept the friend request";
pub(crate) const END_FRIEND: &str = "End the friendship";
pub(crate) const FOLLOW: &str = "Follow, to see when they are online";
pub(crate) const UNFOLLOW: &str = "Stop following";
pub(crate) const BLOCK: &str = "Block: no direct messages between you";
pub(crate) const UNBLOCK: &str = "Unblock";
pub(crate) const READ: &str = "read";
pub(crate) const DELIVERED: &str = "delivered";
pub(crate) const SENT: &str = "not delivered yet";

/// The name of a user, and the one that they show.
pub(crate) fn named(name: &str, shown: Option<&str>) -> String {
    match shown {
        Some(shown) => format!("@{name} - {shown}"),
        None => format!("@{name}"),
    }
}

pub(crate) fn write_to(name: &str) -> String {
    format!("Write to @{name}")
}

pub(crate) fn enter(change: &str) -> String {
    format!("Enter: {change}")
}

pub(crate) const fn presence(presence: Presence) -> &'static str {
    presence.as_str()
}

pub(crate) const fn level(level: NotificationLevel) -> &'static str {
    match level {
        NotificationLevel::All => "all messages",
        NotificationLevel::Mentions => "mentions only",
        NotificationLevel::Nothing => "nothing",
    }
}

pub(crate) fn notifies(of: NotificationLevel, until: Option<&str>) -> String {
    match until {
        Some(until) => format!("Notifies of {} until {until}", level(of)),
        None => format!("Notifies of {}", level(of)),
    }
}

pub(crate) const fn favourite(is_favourite: bool) -> &'static str {
    match is_favourite {
        true => "A favourite, listed first",
        false => "Not a favourite",
    }
}

pub(crate) fn retention(retention: Retention) -> String {
    format!("Messages stay: {retention}")
}

pub(crate) fn pinned(msgid: MsgId, said: Option<&str>) -> String {
    match said {
        Some(said) => format!("Pinned: {said}"),
        None => format!("Pinned: message {msgid}"),
    }
}

/// The place of a user on the server, whether they are there, and the relation to them.
pub(crate) fn standing(user: &UserInfo, here: Option<Presence>, relation: Relation) -> String {
    let mut parts = vec![format!("{} of this server", user.role.as_str())];
    if user.state != UserState::Active {
        parts.push(user.state.as_str().to_owned());
    }
    parts.extend(here.map(|here| presence(here).to_owned()));
    let friendship = match relation.friendship {
        Friendship::None => None,
        Friendship::Asked => Some("you sent a friend request"),
        Friendship::Invited => Some("wants to be your friend"),
        Friendship::Friends => Some("your friend"),
    };
    parts.extend(friendship.map(str::to_owned));
    if relation.follows {
        parts.push("followed by you".to_owned());
    }
    if relation.blocks {
        parts.push("blocked by you".to_owned());
    }
    parts.join(", ")
}

pub(crate) fn receipts(counts: ReceiptCounts, reads: Reads) -> Vec<String> {
    let ReceiptCounts {
        of,
        delivered,
        read,
    } = counts;
    match reads {
        Reads::Shown => vec![format!(
            "Read by {read} and delivered to {delivered} of {of}"
        )],
        Reads::Hidden => vec![
            format!("Delivered to {delivered} of {of}"),
            "You hide what you read, so you do not see who read it: /me reads shown".to_owned(),
        ],
    }
}

/// The terms of an unread count.
pub(crate) fn explained(explained: &Explained) -> Vec<String> {
    let Explained {
        head,
        floor,
        joined,
        read,
        uncounted,
        unread,
        mentions,
    } = *explained;
    let count = match (unread, mentions) {
        (0, _) => "Nothing is unread here".to_owned(),
        (1, 0) => "1 message is unread".to_owned(),
        (1, _) => "1 message is unread, and mentions you".to_owned(),
        (unread, 0) => format!("{unread} messages are unread"),
        (unread, 1) => format!("{unread} messages are unread, 1 of them mentions you"),
        (unread, mentions) => format!("{unread} messages are unread, {mentions} mention you"),
    };
    let before = joined.get().saturating_sub(1);
    let base = read.get().max(floor.get()).max(before);
    let from = match () {
        () if base == read.get() => format!("You have read up to message {read}"),
        () if base == floor.get() => format!("Messages up to {floor} have expired"),
        () => format!("You became a member with entry {joined}"),
    };
    let entries = head.get().saturating_sub(base);
    let rest = match (entries, uncounted) {
        (0, _) => "Nothing follows".to_owned(),
        (1, 0) => "1 entry follows, a message of another user".to_owned(),
        (entries, 0) => format!("{entries} entries follow, all of them messages of others"),
        (entries, uncounted) => format!(
            "Of {entries} entries that follow, {uncounted} do not count: your own messages, edits, \
             reactions, changes of the conversation"
        ),
    };
    vec![count, from, rest]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unread_counts_are_explained() {
        let explained = |head, floor, joined, read, uncounted, unread, mentions| {
            let terms = Explained {
                head: MsgId::new(head),
                floor: MsgId::new(floor),
                joined: MsgId::new(joined),
                read: MsgId::new(read),
                uncounted,
                unread,
                mentions,
            };
            super::explained(&terms).join(". ")
        };
        assert_eq!(
            explained(20, 0, 1, 5, 3, 12, 2),
            "12 messages are unread, 2 mention you. You have read up to message 5. Of 15 entries \
             that follow, 3 do not count: your own messages, edits, reactions, changes of the \
             conversation"
        );
        assert_eq!(
            explained(9, 8, 1, 2, 0, 1, 0),
            "1 message is unread. Messages up to 8 have expired. 1 entry follows, a message of \
             another user"
        );
        assert_eq!(
            explained(7, 0, 8, 0, 0, 0, 0),
            "Nothing is unread here. You became a member with entry 8. Nothing follows"
        );
    }
}
