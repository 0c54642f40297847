//! Each check finds the faults that it exists for, planted by hand.

use std::collections::BTreeMap;

use cairn_client::proto::content::attachment::{Attachment, AttachmentHash, Media, Preview, Video};
use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::content::extras::{Extra, Extras};
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::model::conversation::{Conversation as Summary, ConversationKind};
use cairn_client::proto::model::group::{MemberSettings, Role};
use cairn_client::proto::model::receipts::ReceiptState;
use cairn_client::proto::text::{Caption, EmojiName, FileName, GroupName, MediaType, Text};
use cairn_session::{Details, Replica, ReplicaError, Update};

use super::check::members_agree;
use super::check::oracle::holds_accepted;
use super::check::receipts::{Comparison, compare};
use super::play::device::empty_replica;
use super::script::{LABELS, Seat};
use super::view::{ConversationView, View};
use super::world::{Content, EXPIRE, Recall, Sent, World};

const TEAM: ConversationId = ConversationId::new(1);
const ADA: UserId = UserId::new(1);
const BOB: UserId = UserId::new(2);
const BOBS: Seat = Seat { user: 1, device: 0 };
const SECOND: MsgId = MsgId::new(2);

fn text(words: &str) -> Text {
    Text::new(words).unwrap()
}

fn message(msgid: u64, sender: UserId, body: Body) -> Message {
    Message {
        conversation: TEAM,
        msgid: MsgId::new(msgid),
        sender,
        sent_at: Timestamp::new(msgid),
        body,
        extras: Extras::NONE,
    }
}

fn amended(msgid: u64, sender: UserId, amendment: Amendment) -> Message {
    message(msgid, sender, Body::Amendment(amendment))
}

fn recall(msgid: u64, sender: UserId) -> Message {
    amended(msgid, sender, Amendment::Recalled { msgid: SECOND })
}

/// The replica of Ada's device after this log, and the update from its last entries.
fn replica(log: &[Message]) -> Result<(Replica, Update), ReplicaError> {
    let summary = Summary {
        id: TEAM,
        kind: ConversationKind::Group {
            name: GroupName::new("team").unwrap(),
        },
        role: Role::Member,
        head: MsgId::ZERO,
        floor: MsgId::ZERO,
        read: MsgId::ZERO,
        delivered: MsgId::ZERO,
        unread: 0,
        mentions: 0,
        last: None,
        settings: MemberSettings::default(),
    };
    let details = Details::new(&summary.kind, None, None, &[], Vec::new());
    let mut replica = empty_replica(ADA);
    replica.enter(&summary, details);
    let update = replica.append(log)?;
    Ok((replica, update))
}

fn view(log: &[Message]) -> ConversationView {
    let (replica, _) = replica(log).unwrap();
    ConversationView::from(replica.conversation(TEAM).unwrap())
}

/// A log in which Bob sends two messages and edits the first.
fn log() -> Vec<Message> {
    let edit = Amendment::Edited {
        msgid: MsgId::new(1),
        text: text("u1d0n1. edited").into(),
    };
    vec![
        message(1, BOB, Body::Text(text("u1d0n1."))),
        message(2, BOB, Body::Text(text("u1d0n2."))),
        amended(3, BOB, edit),
    ]
}

fn log_and(entries: &[Message]) -> Vec<Message> {
    [&log()[..], entries].concat()
}

/// Bob's log with the second entry replaced.
fn log_with_second(second: Message) -> Vec<Message> {
    let mut log = log();
    log[1] = second;
    log
}

fn sent(seq: u64, by: Seat, content: Content) -> Sent {
    Sent::new(seq, by, TEAM, MsgId::new(seq), content)
}

/// A world in which Bob's log was accepted.
fn world() -> World {
    let world = World::new(vec![ADA, BOB]);
    for seq in [1, 2] {
        let body = Body::Text(text(&format!("u1d0n{seq}.")));
        world.accepted(sent(seq, BOBS, Content::New(body)));
    }
    world.edited(TEAM, MsgId::new(1), "u1d0n1. edited".to_owned());
    world
}

fn check(world: &World, log: &[Message]) -> Result<(), String> {
    holds_accepted(world, TEAM, &view(log))
}

#[test]
fn altered_logs_are_found() {
    let found = |log: &[Message]| check(&world(), log);
    let second = |sender, words: &str| message(2, sender, Body::Text(text(words)));
    assert_eq!(found(&log()), Ok(()));
    assert!(found(&log()[..1]).is_err(), "the second is lost");
    assert!(found(&log()[..2]).is_err(), "the edit is lost");
    let again = message(4, BOB, Body::Text(text("u1d0n2.")));
    assert!(found(&log_and(&[again])).is_err(), "the second is doubled");
    let changed = log_with_second(second(BOB, "u1d0n2"));
    assert!(found(&changed).is_err(), "the second is altered");
    let wrong_sender = log_with_second(second(ADA, "u1d0n2."));
    assert!(found(&wrong_sender).is_err(), "the second is not Bob's");
    let recalled = log_and(&[recall(4, ADA)]);
    assert!(found(&recalled).is_err(), "no user recalled the second");
}

#[test]
fn gaps_and_repeats_are_found() {
    let repeated = [&log()[..], &log()[2..]].concat();
    assert!(replica(&repeated).is_err(), "an entry is repeated");
    let (gap, update) = replica(&log()[1..]).unwrap();
    assert!(gap.conversation(TEAM).unwrap().has_gap());
    assert_eq!(update, Update::Stale);
    let whole = view(&log());
    assert_eq!((whole.unread, whole.mentions), (2, 0));
    let of_team = |view: ConversationView| View {
        conversations: BTreeMap::from([(TEAM, view)]),
        contacts: BTreeMap::new(),
    };
    let (whole, part) = (of_team(whole), of_team(view(&log()[..2])));
    assert_eq!(members_agree(&[whole.clone(), whole.clone()]), Ok(()));
    assert!(members_agree(&[whole.clone(), part.clone()]).is_err() && whole != part);
}

fn wave() -> EmojiName {
    EmojiName::new("wave").unwrap()
}

fn react(msgid: u64, user: UserId) -> Message {
    let (target, emoji) = (SECOND, wave());
    amended(
        msgid,
        user,
        Amendment::Reacted {
            msgid: target,
            emoji,
        },
    )
}

fn unreact(msgid: u64, user: UserId) -> Message {
    let (target, emoji) = (SECOND, wave());
    amended(
        msgid,
        user,
        Amendment::Unreacted {
            msgid: target,
            emoji,
        },
    )
}

/// A world in which Ada's reaction to the second message was added or removed.
fn reacted(is_on: bool, is_refused: bool) -> World {
    let world = world();
    world.next_round(false);
    world.reacted((TEAM, SECOND, wave(), ADA), is_on, is_refused);
    world
}

#[test]
fn wrong_reactions_are_found() {
    let found = |world: &World, entries: &[Message]| check(world, &log_and(entries));
    let on = reacted(true, false);
    assert_eq!(found(&on, &[react(4, ADA)]), Ok(()));
    assert!(found(&on, &[]).is_err(), "it is lost");
    assert!(found(&on, &[react(4, BOB)]).is_err(), "it is Bob's");
    let both = [react(4, ADA), react(5, BOB)];
    assert!(found(&on, &both).is_err(), "Bob made none");
    let refused = reacted(true, true);
    assert!(found(&refused, &[react(4, ADA)]).is_err(), "it was refused");
    let off = reacted(false, false);
    assert!(found(&off, &[react(4, ADA)]).is_err(), "it was removed");
    assert_eq!(found(&off, &[react(4, ADA), unreact(5, ADA)]), Ok(()));
    assert!(found(&world(), &[react(4, ADA)]).is_err(), "none was made");

    on.recalled(TEAM, SECOND, Recall::Yes);
    assert_eq!(found(&on, &[react(4, ADA), recall(5, BOB)]), Ok(()));
    assert!(
        found(&on, &[react(4, ADA)]).is_err(),
        "nothing remains of a recalled message"
    );
}

#[test]
fn uncertain_reactions_are_accepted() {
    let found = |world: &World, entries: &[Message]| check(world, &log_and(entries));
    // The order within a round is unknown, and so are the effects of requests in flight at a kill.
    let concurrent = reacted(true, false);
    concurrent.reacted((TEAM, SECOND, wave(), ADA), false, false);
    let killed = world();
    killed.next_round(true);
    killed.reacted((TEAM, SECOND, wave(), ADA), true, true);
    for world in [concurrent, killed] {
        assert_eq!(found(&world, &[]), Ok(()));
        assert_eq!(found(&world, &[react(4, ADA)]), Ok(()));
        world.next_round(false);
        world.reacted((TEAM, SECOND, wave(), ADA), true, false);
        assert!(found(&world, &[]).is_err(), "it was made again later");
    }
}

#[test]
fn wrong_pins_are_found() {
    let found = |world: &World, entries: &[Message]| check(world, &log_and(entries));
    let pin = || amended(4, ADA, Amendment::Pinned { msgid: SECOND });
    let unpin = amended(5, ADA, Amendment::Unpinned { msgid: SECOND });
    let pinned = world();
    pinned.pinned((TEAM, SECOND), true, false);
    assert_eq!(found(&pinned, &[pin()]), Ok(()));
    assert!(found(&pinned, &[]).is_err(), "it is lost");
    assert!(found(&world(), &[pin()]).is_err(), "none was made");
    pinned.next_round(false);
    pinned.pinned((TEAM, SECOND), false, false);
    assert!(found(&pinned, &[pin()]).is_err(), "it was removed");
    assert_eq!(found(&pinned, &[pin(), unpin]), Ok(()));
}

/// A world in which, within one round, Bob edits the second message twice and Ada forwards it.
fn forwarded() -> (World, usize) {
    let (world, round) = (world(), 2);
    world.next_round(false);
    world.edited(TEAM, SECOND, "u1d0n2. edited".to_owned());
    world.next_round(false);
    let content = Content::Forwarded {
        origin: (TEAM, SECOND),
        round,
    };
    world.accepted(sent(5, Seat { user: 0, device: 1 }, content));
    world.next_round(false);
    world.edited(TEAM, SECOND, "u1d0n2. edited again".to_owned());
    (world, round)
}

#[test]
fn wrong_forwards_are_found() {
    let (world, round) = forwarded();
    let found = |words, author: Option<UserId>| {
        let edit = |words| Amendment::Edited {
            msgid: SECOND,
            text: text(words).into(),
        };
        let extra = author.map(|author| Extra::Forwarded {
            author,
            at: Timestamp::new(2),
        });
        let forwarded = Message {
            extras: Extras::new(extra.into_iter().collect()).unwrap(),
            ..message(5, ADA, Body::Text(text(words)))
        };
        let entries = [
            amended(4, BOB, edit("u1d0n2. edited")),
            forwarded,
            amended(6, BOB, edit("u1d0n2. edited again")),
        ];
        check(&world, &log_and(&entries))
    };
    assert_eq!(found("u1d0n2. edited", Some(BOB)), Ok(()));
    let ada = found("u1d0n2. edited", Some(ADA));
    assert!(ada.is_err(), "Ada is not its first author");
    let unnamed = found("u1d0n2. edited", None);
    assert!(unnamed.is_err(), "its first author is missing");
    for words in ["u1d0n2.", "u1d0n2. edited again", "u1d0n1."] {
        let other = found(words, Some(BOB));
        assert!(other.is_err(), "{words}: not the content in that round");
    }
    let forwarded_again = Content::Forwarded {
        origin: (TEAM, MsgId::new(5)),
        round: round + 1,
    };
    assert_eq!(world.author(&sent(6, BOBS, forwarded_again)), BOB);
}

#[test]
fn altered_images_are_found() {
    let media = |width| {
        let file = Attachment {
            hash: AttachmentHash::new([1; 32]),
            name: FileName::new("u1d0n3.").unwrap(),
            media_type: MediaType::new("image/png").unwrap(),
            size_bytes: 9,
            caption: Caption::new("").unwrap(),
        };
        Media {
            file,
            width,
            height: 2,
            preview: Preview::NONE,
        }
    };
    let world = world();
    world.accepted(sent(4, BOBS, Content::New(Body::from(media(7)))));
    let found = |body| check(&world, &log_and(&[message(4, BOB, body)]));
    let video = Video {
        media: media(7),
        duration_ms: 1,
    };
    assert_eq!(found(Body::from(media(7))), Ok(()));
    assert!(found(Body::from(media(8))).is_err(), "it is wider");
    assert!(found(Body::from(video)).is_err(), "it is a video");
    assert!(found(Body::from(media(7).file)).is_err(), "it is a file");
}

#[test]
fn wrong_receipts_are_found() {
    use ReceiptState::{Delivered, Read, Sent};
    let receipts =
        |states: &[(UserId, ReceiptState)]| states.iter().copied().collect::<BTreeMap<_, _>>();
    let compared = |shown, expected, may_forget| {
        let (shown, expected) = (receipts(&[(ADA, shown)]), receipts(&[(ADA, expected)]));
        compare(&shown, &expected, may_forget)
    };
    for state in [Delivered, Read] {
        assert_eq!(compared(state, state, false), Comparison::Equal);
    }
    assert_eq!(compared(Sent, Delivered, false), Comparison::Pending);
    let after_kill = compared(Sent, Delivered, true);
    assert_eq!(
        after_kill,
        Comparison::Equal,
        "the server may have forgotten"
    );
    for (shown, expected) in [(Sent, Read), (Delivered, Read), (Read, Delivered)] {
        assert_eq!(compared(shown, expected, true), Comparison::Different);
    }
    let expected = receipts(&[(ADA, Read)]);
    let missing = compare(&receipts(&[]), &expected, true);
    assert_eq!(missing, Comparison::Different, "Ada is missing");
    let other = compare(&receipts(&[(BOB, Read)]), &expected, true);
    assert_eq!(other, Comparison::Different, "it is Bob");
}

#[test]
fn missing_acts_are_found() {
    let world = World::new(vec![ADA, BOB]);
    let labels = world.never_done().len();
    assert_eq!(labels, LABELS.len() + 1, "labels are unique");
    world.tally("edit", true);
    world.tally("pin", false);
    let never_done = world.never_done();
    assert!(!never_done.contains(&"edit"), "{never_done:?}");
    for label in ["pin", "unpin", EXPIRE] {
        assert!(never_done.contains(&label), "{never_done:?}");
    }
}
