//! The requests of the wire by name, so that a test can prove that it covers all of them.

use cairn_client::proto::wire::request::Request;

macro_rules! kinds {
    ($($variant:ident),* $(,)?) => {
        /// Every request. A missing one does not compile below.
        pub const KINDS: &[&str] = &[$(stringify!($variant)),*];

        /// Returns the variant's name.
        pub fn kind(request: &Request) -> &'static str {
            match request {
                $(Request::$variant { .. } => stringify!($variant),)*
            }
        }
    };
}

kinds! {
    Send, Pull, Ack, Read, Conversations, FindUsers, Users, CreateGroup, AddMembers, RemoveMembers,
    Members, CreateInvite, Devices,
    RevokeDevice, Import, ImportCursor, Explain, Metrics, Edit, Recall, React, Unreact, Pin, Unpin,
    Pins, Group, RenameGroup, SetTopic,
    SetGroupSettings, SetRole, HandOver, Ban, Unban, BannedUsers, MuteMember, JoinGroup,
    FindGroups, SetMemberSettings, Settings,
    SetSetting, SetServerRole, Relate, Contacts, SearchUsers, Profiles, SetProfile, Watch,
    SetPresence, Focus, Forward, MarkUnread, Receipts, OwnReads,
    SetOwnReads, SetRetention, Retention,
}

/// The requests not in this list.
pub fn left_out<'a>(named: impl IntoIterator<Item = &'a str>) -> Vec<&'static str> {
    let named: Vec<&str> = named.into_iter().collect();
    KINDS
        .iter()
        .copied()
        .filter(|kind| !named.contains(kind))
        .collect()
}

#[test]
fn missing_kind_is_found() {
    assert_eq!(left_out(KINDS.iter().copied()), [""; 0]);
    for &kind in KINDS {
        assert_eq!(
            left_out(KINDS.iter().copied().filter(|&other| other != kind)),
            [kind]
        );
    }
}
