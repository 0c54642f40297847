//! What the comparisons are for: each fault that they must find, made by hand.

use std::collections::BTreeMap;

use cairn_client::proto::body::{Amendment, Body};
use cairn_client::proto::extras::Extras;
use cairn_client::proto::group::MemberSettings;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::message::Message;
use cairn_client::proto::response::{Conversation, ConversationKind, Role};
use cairn_client::proto::text::{GroupName, Text};

use super::check::{holds_what_was_said, members_agree};
use super::kept::{About, Kept, View};
use super::replica::Sight;
use super::scene::{Became, Said, Scene};
use super::steps::Seat;

const TEAM: ConversationId = ConversationId::new(1);
const ADA: UserId = UserId::new(1);
const BOB: UserId = UserId::new(2);

fn text(words: &str) -> Text {
    Text::new(words).unwrap()
}

fn message(msgid: u64, sender: UserId, body: Body) -> Message {
    let (msgid, sent_at) = (MsgId::new(msgid), Timestamp::new(msgid));
    Message { conversation: TEAM, msgid, sender, sent_at, body, extras: Extras::NONE }
}

/// What a device of Ada's makes of a log.
fn kept(log: &[Message]) -> Result<Kept, String> {
    let kind = ConversationKind::Group { name: GroupName::new("team").unwrap() };
    let about = About::told(&kind, None, None, &[], Vec::new());
    let found = Conversation {
        id: TEAM,
        kind,
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
    let mut kept = Kept::new(ADA, &found, about);
    log.iter().try_for_each(|message| kept.take(message)).map(|()| kept)
}

/// Bob says two things, and changes the first.
fn log() -> Vec<Message> {
    let edit = Amendment::Edited { msgid: MsgId::new(1), text: text("u1d0n1. edited").into() };
    vec![message(1, BOB, Body::Text(text("u1d0n1."))), message(2, BOB, Body::Text(text("u1d0n2."))), message(3, BOB, Body::Amendment(edit))]
}

fn scene() -> Scene {
    let scene = Scene::new(vec![ADA, BOB]);
    for n in [1, 2] {
        let (by, token) = (Seat { user: 1, device: 0 }, format!("u1d0n{n}."));
        scene.accepted(Said { n, by, token, conversation: TEAM, msgid: MsgId::new(n), is_file: false, became: Became::AsSaid });
    }
    scene.edited(TEAM, MsgId::new(1), "u1d0n1. edited".to_owned());
    scene
}

fn found_in(log: &[Message]) -> Result<(), String> {
    holds_what_was_said(&scene(), TEAM, &kept(log).unwrap().view())
}

#[test]
fn what_was_lost_doubled_changed_or_moved() {
    assert_eq!(found_in(&log()), Ok(()));
    assert!(found_in(&log()[..1]).is_err(), "the second is lost");
    assert!(found_in(&log()[..2]).is_err(), "the edit is lost");
    let again = [&log()[..], &[message(4, BOB, Body::Text(text("u1d0n2.")))]].concat();
    assert!(found_in(&again).is_err(), "the second stands there twice");
    let changed = [&log()[..1], &[message(2, BOB, Body::Text(text("u1d0n2")))], &log()[2..]].concat();
    assert!(found_in(&changed).is_err(), "the second says something else");
    let by_another = [&log()[..1], &[message(2, ADA, Body::Text(text("u1d0n2.")))], &log()[2..]].concat();
    assert!(found_in(&by_another).is_err(), "somebody else says the second");
    let recalled = [&log()[..], &[message(4, ADA, Body::Amendment(Amendment::Recalled { msgid: MsgId::new(2) }))]].concat();
    assert!(found_in(&recalled).is_err(), "nobody recalled the second");
}

#[test]
fn what_a_device_missed_or_got_twice() {
    assert!(kept(&[&log()[..], &log()[2..]].concat()).is_err(), "an entry comes twice");
    assert!(kept(&log()[1..]).unwrap().has_gap(), "an entry is missing");
    let view = |log: &[Message]| kept(log).unwrap().view();
    assert_eq!((view(&log()).unread, view(&log()).mentions), (2, 0));
    let sight = |view: View| Sight { conversations: BTreeMap::from([(TEAM, view)]), contacts: BTreeMap::new() };
    assert_eq!(members_agree(&[sight(view(&log())), sight(view(&log()))]), Ok(()));
    let (whole, part) = (sight(view(&log())), sight(view(&log()[..2])));
    assert!(members_agree(&[whole.clone(), part.clone()]).is_err() && whole != part);
}
