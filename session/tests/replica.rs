//! The rules of a replica, tested without a server.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use cairn_client::proto::content::body::{Amendment, Body, SystemEntry};
use cairn_client::proto::content::extras::{Extra, Extras};
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ConversationId, EpochId, MsgId, Revision, Timestamp, UserId};
use cairn_client::proto::model::conversation::{Conversation as Summary, ConversationKind};
use cairn_client::proto::model::group::MemberSettings;
use cairn_client::proto::model::group::Role;
use cairn_client::proto::text::{EmojiName, GroupName, Text};
use cairn_client::proto::wire::event::Update as Change;
use cairn_client::proto::wire::overview::{Moment, OverviewExtent};
use cairn_client::{Event, Overview};
use cairn_session::{Conversation, Details, Replica, ReplicaError, Update};

const TEAM: ConversationId = ConversationId::new(1);
const ME: UserId = UserId::new(1);
const BOB: UserId = UserId::new(2);

fn id(msgid: u64) -> MsgId {
    MsgId::new(msgid)
}

fn name(name: &str) -> GroupName {
    GroupName::new(name).unwrap()
}

fn moment() -> Moment {
    Moment {
        epoch: EpochId::new(1),
        revision: Revision::new(1),
    }
}

/// The group as the server lists it, with `head` unread entries.
fn summary(head: u64) -> Summary {
    Summary {
        id: TEAM,
        kind: ConversationKind::Group { name: name("team") },
        role: Role::Member,
        head: id(head),
        floor: MsgId::ZERO,
        read: MsgId::ZERO,
        delivered: MsgId::ZERO,
        unread: 0,
        mentions: 0,
        last: None,
        settings: MemberSettings::default(),
    }
}

fn enter(replica: &mut Replica, summary: &Summary) {
    let details = Details::new(&summary.kind, None, None, &[], Vec::new());
    replica.enter(summary, details);
}

fn entered(entries_max: usize) -> Replica {
    let mut replica = Replica::with_entries_max(ME, entries_max);
    enter(&mut replica, &summary(0));
    replica.finish_overview(moment());
    replica
}

fn entry(msgid: u64, sender: UserId, body: Body) -> Message {
    Message {
        conversation: TEAM,
        msgid: id(msgid),
        sender,
        sent_at: Timestamp::new(msgid),
        body,
        extras: Extras::NONE,
    }
}

fn words(words: &str) -> Text {
    Text::new(words).unwrap()
}

fn text(msgid: u64, sender: UserId) -> Message {
    entry(msgid, sender, Body::Text(words(&format!("text {msgid}"))))
}

fn amendment(msgid: u64, amendment: Amendment) -> Message {
    entry(msgid, BOB, Body::Amendment(amendment))
}

fn edit(msgid: u64, target: u64, text: &str) -> Message {
    let edited = Amendment::Edited {
        msgid: id(target),
        text: Some(words(text)),
    };
    amendment(msgid, edited)
}

fn edit_mentioning(msgid: u64, target: u64, text: &str, user: UserId) -> Message {
    let mentions = Extras::new(vec![Extra::Mention(user)]).unwrap();
    Message {
        extras: mentions,
        ..edit(msgid, target, text)
    }
}

fn team(replica: &Replica) -> &Conversation {
    replica.conversation(TEAM).unwrap()
}

fn body(replica: &Replica, msgid: u64) -> Body {
    team(replica).entry(id(msgid)).unwrap().body.clone()
}

fn overview(conversations: Vec<Summary>, extent: OverviewExtent) -> Overview {
    Overview {
        conversations,
        gone: Vec::new(),
        extent,
        as_of: moment(),
    }
}

#[test]
fn later_entries_amend_earlier_ones() {
    let mut replica = entered(10);
    let wave = EmojiName::new("wave").unwrap();
    let reacted = Amendment::Reacted {
        msgid: id(1),
        emoji: wave.clone(),
    };
    let log = [
        text(1, BOB),
        edit(2, 1, "second"),
        edit(3, 1, "third"),
        amendment(4, reacted),
        amendment(5, Amendment::Pinned { msgid: id(1) }),
    ];
    assert_eq!(replica.append(&log), Ok(Update::Changed));
    let first = team(&replica).entry(id(1)).unwrap();
    assert_eq!(first.body, Body::Text(words("third")));
    assert_eq!(first.edited.unwrap().entry, id(3));
    assert!(first.reactions[&wave].contains(&BOB));
    assert!(team(&replica).details().pins.contains(&id(1)));
    let erased = Amendment::Edited {
        msgid: id(1),
        text: None,
    };
    assert_eq!(body(&replica, 2), Body::Amendment(erased.clone()));

    let recall = amendment(6, Amendment::Recalled { msgid: id(1) });
    assert_eq!(replica.append(&[recall]), Ok(Update::Changed));
    assert_eq!(body(&replica, 1), Body::Recalled { by: BOB });
    assert_eq!(body(&replica, 3), Body::Amendment(erased));
    assert!(team(&replica).details().pins.is_empty());
    let first = team(&replica).entry(id(1)).unwrap();
    assert!(first.reactions.is_empty() && first.edited.is_none());
}

#[test]
fn edits_replace_mentions() {
    let mut replica = entered(10);
    let log = [text(1, BOB), edit_mentioning(2, 1, "hello, @me", ME)];
    assert_eq!(replica.append(&log), Ok(Update::Changed));
    let mentions = |replica: &Replica, msgid| {
        let entry = team(replica).entry(id(msgid)).unwrap();
        entry.mentions_user(ME)
    };
    assert!(mentions(&replica, 1) && mentions(&replica, 2));
    assert_eq!(replica.append(&[edit(3, 1, "hello")]), Ok(Update::Changed));
    assert!(!mentions(&replica, 1) && !mentions(&replica, 2));
    let again = edit_mentioning(4, 1, "@me", ME);
    assert_eq!(replica.append(&[again]), Ok(Update::Changed));
    assert!(mentions(&replica, 1) && mentions(&replica, 4));
}

#[test]
fn amendments_of_missing_entries_are_harmless() {
    let mut replica = entered(10);
    let recall = amendment(3, Amendment::Recalled { msgid: id(9) });
    let log = [text(1, BOB), edit(2, u64::MAX, "no"), recall];
    assert_eq!(replica.append(&log), Ok(Update::Changed));
}

#[test]
fn unfit_edits_are_refused() {
    let mut replica = entered(10);
    let emoji = Body::Emoji(EmojiName::new("wave").unwrap());
    let log = [entry(1, BOB, emoji.clone()), edit(2, 1, "words")];
    let refused = ReplicaError::UnfitEdit {
        conversation: TEAM,
        entry: id(2),
        msgid: id(1),
    };
    assert_eq!(replica.append(&log), Err(refused));
    assert_eq!(body(&replica, 1), emoji);
}

#[test]
fn system_entries_update_the_details() {
    let mut replica = entered(10);
    let system = |msgid, entry_body| entry(msgid, BOB, Body::System(entry_body));
    let log = [
        system(1, SystemEntry::Created { name: name("old") }),
        system(2, SystemEntry::Added { users: vec![ME] }),
        system(3, SystemEntry::Renamed { name: name("new") }),
        system(4, SystemEntry::HandedOver { user: ME }),
    ];
    assert_eq!(replica.append(&log), Ok(Update::Changed));
    let details = team(&replica).details();
    assert_eq!(details.name, Some(name("new")));
    assert_eq!(details.members[&ME].role, Role::Owner);
    assert_eq!(details.members[&BOB].role, Role::Admin);
    assert_eq!(team(&replica).read(), id(1), "the user joined after it");
}

#[test]
fn repeated_entries_are_refused() {
    let mut replica = entered(10);
    let repeated = ReplicaError::Repeated {
        conversation: TEAM,
        msgid: id(1),
    };
    let log = [text(1, BOB), text(1, BOB)];
    assert_eq!(replica.append(&log), Err(repeated));
    assert_eq!(team(&replica).next(), id(2));
}

#[test]
fn gap_makes_the_replica_stale() {
    let mut replica = entered(10);
    assert_eq!(replica.moment(), Some(moment()));
    assert_eq!(replica.append(&[text(3, BOB)]), Ok(Update::Stale));
    assert_eq!(replica.moment(), None, "the next overview lists everything");
    let update = replica.apply_overview(&overview(vec![summary(3)], OverviewExtent::All));
    assert_eq!(update.enter, [summary(3)]);

    let mut replica = entered(10);
    let expired = |floor| {
        Event::Update(Change::Floor {
            conversation: TEAM,
            floor: id(floor),
        })
    };
    assert_eq!(replica.append(&[text(1, BOB)]), Ok(Update::Changed));
    assert_eq!(replica.apply_event(&expired(1)), Update::Changed);
    assert_eq!(replica.apply_event(&expired(2)), Update::Stale);
}

#[test]
fn unread_counts_messages_of_others() {
    let mut replica = entered(10);
    let mention = Message {
        extras: Extras::new(vec![Extra::Mention(ME)]).unwrap(),
        ..text(3, BOB)
    };
    let log = [text(1, BOB), text(2, ME), mention, text(4, BOB)];
    assert_eq!(replica.append(&log), Ok(Update::Changed));
    let unread = team(&replica).unread();
    assert_eq!((unread.messages, unread.mentions), (2, 1));
    assert!(!unread.is_lower_bound);
    let read = Event::Update(Change::Read {
        conversation: TEAM,
        read: id(3),
        head: id(4),
    });
    assert_eq!(replica.apply_event(&read), Update::Changed);
    assert_eq!(team(&replica).unread().messages, 1);
}

#[test]
fn oldest_entries_are_evicted() {
    let mut replica = entered(2);
    let log: Vec<Message> = (1..=5).map(|msgid| text(msgid, BOB)).collect();
    assert_eq!(replica.append(&log), Ok(Update::Changed));
    let held: Vec<MsgId> = team(&replica).entries().map(|(msgid, _)| msgid).collect();
    assert_eq!(held, [id(4), id(5)]);
    assert_eq!(team(&replica).held_after(), id(3));
    assert_eq!(team(&replica).next(), id(6));
    let unread = team(&replica).unread();
    assert_eq!((unread.messages, unread.is_lower_bound), (2, true));
}

#[test]
fn hidden_conversation_shows_again_with_a_message() {
    let mut replica = entered(10);
    let hidden = Summary {
        settings: MemberSettings {
            hidden: true,
            ..MemberSettings::default()
        },
        ..summary(1)
    };
    assert_eq!(replica.append(&[text(1, BOB)]), Ok(Update::Changed));
    let event = Event::Update(Change::Conversation(hidden));
    assert_eq!(replica.apply_event(&event), Update::Changed);
    assert!(team(&replica).settings().hidden);
    let pin = amendment(2, Amendment::Pinned { msgid: id(1) });
    assert_eq!(replica.append(&[pin]), Ok(Update::Changed));
    assert!(team(&replica).settings().hidden, "a pin is no message");
    assert_eq!(replica.append(&[text(3, BOB)]), Ok(Update::Changed));
    assert!(!team(&replica).settings().hidden);
}

#[test]
fn overview_lists_what_to_enter_and_leave() {
    let mut replica = entered(10);
    let other = Summary {
        id: ConversationId::new(2),
        ..summary(0)
    };
    let changed = overview(vec![other.clone()], OverviewExtent::Changed);
    let update = replica.apply_overview(&changed);
    assert_eq!(update.enter, changed.conversations);
    assert!(update.left.is_empty() && replica.conversation(TEAM).is_some());
    enter(&mut replica, &other);

    let all = overview(vec![other], OverviewExtent::All);
    let update = replica.apply_overview(&all);
    assert_eq!((update.enter, update.left), (Vec::new(), vec![TEAM]));
    assert!(replica.conversation(TEAM).is_none());
}

#[test]
fn unlisted_conversation_reverts_lost_read_marks() {
    let mut replica = entered(10);
    assert_eq!(
        replica.append(&[text(1, BOB), text(2, BOB)]),
        Ok(Update::Changed)
    );
    let read = Event::Update(Change::Read {
        conversation: TEAM,
        read: id(2),
        head: id(2),
    });
    assert_eq!(replica.apply_event(&read), Update::Changed);
    assert_eq!(team(&replica).read(), id(2));
    let update = replica.apply_overview(&overview(Vec::new(), OverviewExtent::Changed));
    assert!(update.left.is_empty());
    assert_eq!(team(&replica).read(), MsgId::ZERO);
}
