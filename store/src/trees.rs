//! The only list of the trees, with the layout of their keys. All numbers are big-endian, so that a
//! range reads in order.
//!
//! | tree | key | value |
//! |---|---|---|
//! | messages | conversation u64, msgid u64 of the block's first message | a block, see [`crate::blocks::block`] |
//! | conversations | conversation u64 | `ConversationRecord` |
//! | members | conversation u64, `MemberChunk` u32 | a list of `StoredMember` |
//! | uncounted | conversation u64, chunk u64 | a part of the set of entries that do not count as unread |
//! | mentions | conversation u64, `MemberChunk` u32, user u32, chunk u64 | a part of the set of messages that mention the user |
//! | pins | conversation u64 | a list of pinned messages |
//! | retention | conversation u64 | a `Retention`; no row where that is left to the server |
//! | cursors | device u64, send stream u64, `CursorChunk` u64 | a list of `SendCursor` |
//! | recent | device u64, send stream u64, `RecentPart` u8 | a list of `RecentSend` |
//! | users | user u32 | `UserRecord` |
//! | devices | user u32, device u64 | `DeviceRecord` |
//! | invites | hash of the token, 32 bytes | `InviteRecord` |
//! | memberships | user u32, conversation u64 | `MembershipRecord`: the way from a user to the conversations |
//! | imports | conversation u64, source u64 | the source's cursor, u64 |
//! | groups | conversation u64 | `GroupRecord` of a group that agreed on anything |
//! | open_groups | conversation u64 | the name of an open group: what a search looks through |
//! | relations | user u32, `RelationChunk` u32 | a list of `StoredRelation` |
//! | profiles | user u32 | `Profile` |
//! | settings | the name, as bytes | the value, as people write it |
//! | ended | user u32, conversation u64 | the `Revision` at which the user was a member no more; under no conversation that of the newest end that is forgotten |
//! | attachment_records | hash, 32 bytes | `AttachmentRecord` |
//! | unused | hash, 32 bytes | nothing: no message names this attachment |
//! | attached | conversation u64, msgid u64 | the hash of what the message names |
//! | attachment_bytes | user u32 | what the uploads of the user take, u64 |
//! | meta | a [`MetaKey`], u8 | see there |
//!
//! All values but blocks are sealed, see [`crate::trees::rows`].
pub mod db;
pub mod rows;
pub mod rows_in;
pub mod rows_out;
pub mod scan;
pub mod wait_for_lock;

mod key;
pub mod parse;

pub use key::{KEY_BYTES_MAX, MetaKey, RowKey, RowPrefix};

macro_rules! trees {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// A tree.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Tree {
            $($(#[$doc])* $name,)+
        }

        impl Tree {
            /// Every tree, in the order in which a checkpoint writes them.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// The name in sled. It never changes.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

trees! {
    /// Blocks of messages.
    Messages = "messages",
    /// Conversations.
    Conversations = "conversations",
    /// Memberships, by conversation.
    Members = "members",
    /// Entries that do not count as unread.
    Uncounted = "uncounted",
    /// Messages that mention somebody.
    Mentions = "mentions",
    /// Pinned messages.
    Pins = "pins",
    /// How long messages stay.
    Retention = "retention",
    /// Send cursors.
    Cursors = "cursors",
    /// Sends that a retry can still ask for.
    Recent = "recent",
    /// Users.
    Users = "users",
    /// Devices.
    Devices = "devices",
    /// Invites.
    Invites = "invites",
    /// Memberships, by user.
    Memberships = "memberships",
    /// Import cursors.
    Imports = "imports",
    /// What is agreed on in groups.
    Groups = "groups",
    /// The names of open groups.
    OpenGroups = "open_groups",
    /// What users are to others.
    Relations = "relations",
    /// How users present themselves.
    Profiles = "profiles",
    /// What the owner of the server has set.
    Settings = "settings",
    /// When memberships ended.
    Ended = "ended",
    /// Attachments.
    Attachments = "attachment_records",
    /// Attachments that no message names.
    Unused = "unused",
    /// What messages name.
    Attached = "attached",
    /// What the uploads of users take.
    AttachmentBytes = "attachment_bytes",
    /// What there is one of.
    Meta = "meta",
}

impl std::fmt::Display for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use cairn_proto::ids::{ConversationId, DeviceId, ImportSource, MsgId, SendStreamId, UserId};
    use cairn_proto::text::SettingName;

    use super::*;
    use cairn_core::record::RelationChunk;
    use cairn_core::record::{CursorChunk, MemberChunk, RecentPart, SecretHash};

    const G: ConversationId = ConversationId::new(0x0102_0304_0506_0708);
    const U: UserId = UserId::new(0x1112_1314);
    const D: DeviceId = DeviceId::new(0x2122_2324_2526_2728);
    const S: SendStreamId = SendStreamId::new(0x31);

    #[test]
    fn every_key_is_read_back() {
        assert_eq!(
            parse::block(RowKey::block(G, MsgId::new(9)).bytes()),
            Some((G, MsgId::new(9)))
        );
        for key in [
            RowKey::conversation(G),
            RowKey::group(G),
            RowKey::open_group(G),
        ] {
            assert_eq!(parse::conversation(key.bytes()), Some(G));
        }
        let (members, cursors, part) =
            (MemberChunk::of(U), CursorChunk::of(G), RecentPart::of(700));
        assert_eq!(
            parse::members(RowKey::members(G, members).bytes()),
            Some((G, members))
        );
        assert_eq!(
            parse::uncounted(RowKey::uncounted(G, 7).bytes()),
            Some((G, 7))
        );
        assert_eq!(
            parse::mentions(RowKey::mentions(G, U, 7).bytes()),
            Some((G, U, 7))
        );
        assert!(
            RowKey::mentions(G, U, 7)
                .bytes()
                .starts_with(RowPrefix::mentions_of_user(G, U).bytes())
        );
        assert!(
            RowPrefix::mentions_of_user(G, U)
                .bytes()
                .starts_with(RowPrefix::mentions_of_chunk(G, members).bytes())
        );
        assert_eq!(
            parse::cursors(RowKey::cursors(D, S, cursors).bytes()),
            Some((D, S, cursors))
        );
        assert_eq!(
            parse::recent(RowKey::recent(D, S, part).bytes()),
            Some((D, S, part))
        );
        assert_eq!(parse::user(RowKey::user(U).bytes()), Some(U));
        assert_eq!(parse::user(RowKey::profile(U).bytes()), Some(U));
        assert_eq!(parse::device(RowKey::device(U, D).bytes()), Some((U, D)));
        assert_eq!(
            parse::invite(RowKey::invite(&SecretHash([7; 32])).bytes()),
            Some(SecretHash([7; 32]))
        );
        for key in [RowKey::membership(U, G), RowKey::ended(U, G)] {
            assert_eq!(parse::membership(key.bytes()), Some((U, G)));
        }
        assert_eq!(
            parse::import(RowKey::import(G, ImportSource::new(4)).bytes()),
            Some((G, ImportSource::new(4)))
        );
        let relations = RelationChunk::of(U);
        assert_eq!(
            parse::relations(RowKey::relations(U, relations).bytes()),
            Some((U, relations))
        );
        let name =
            SettingName::new("n".repeat(cairn_proto::limits::SETTING_NAME_BYTES_MAX)).unwrap();
        assert_eq!(parse::setting(RowKey::setting(&name).bytes()), Some(name));
        assert_eq!(parse::user(&[0; 5]), None);
        assert_eq!(parse::members(&[0; 11]), None);
    }

    #[test]
    fn the_layout_is_pinned_and_sorts_by_number() {
        let key = RowKey::members(G, MemberChunk::new(U.get()));
        assert_eq!(key.to_string(), "members/010203040506070811121314");
        assert!(key.bytes().starts_with(RowPrefix::members_of(G).bytes()));
        assert!(
            RowKey::block(G, MsgId::new(255)).bytes() < RowKey::block(G, MsgId::new(256)).bytes()
        );
    }

    #[test]
    fn names_are_unique() {
        let names: std::collections::BTreeSet<_> =
            Tree::ALL.iter().map(|tree| tree.name()).collect();
        assert_eq!(names.len(), Tree::ALL.len());
    }
}
