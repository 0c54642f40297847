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
fn keys_round_trip() {
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
    let (members, cursors, part) = (MemberChunk::of(U), CursorChunk::of(G), RecentPart::of(700));
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
        parse::link(RowKey::link(&SecretHash([7; 32])).bytes()),
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
    let name = SettingName::new("n".repeat(cairn_proto::limits::SETTING_NAME_BYTES_MAX)).unwrap();
    assert_eq!(parse::setting(RowKey::setting(&name).bytes()), Some(name));
    assert_eq!(parse::user(&[0; 5]), None);
    assert_eq!(parse::members(&[0; 11]), None);
}

#[test]
fn key_layout_is_pinned_and_sorted() {
    let key = RowKey::members(G, MemberChunk::new(U.get()));
    assert_eq!(key.to_string(), "members/010203040506070811121314");
    assert!(key.bytes().starts_with(RowPrefix::members_of(G).bytes()));
    assert!(RowKey::block(G, MsgId::new(255)).bytes() < RowKey::block(G, MsgId::new(256)).bytes());
}

#[test]
fn names_are_unique() {
    let names: std::collections::BTreeSet<_> = Tree::ALL.iter().map(|tree| tree.name()).collect();
    assert_eq!(names.len(), Tree::ALL.len());
}
