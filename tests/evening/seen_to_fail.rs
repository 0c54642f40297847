//! What the comparisons are for: each fault that they must find, made by hand.

use std::collections::BTreeMap;

use cairn_client::proto::content::attachment::{Attachment, AttachmentHash, Media, Preview, Video};
use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::content::extras::{Extra, Extras};
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::model::conversation::{Conversation, ConversationKind};
use cairn_client::proto::model::group::{MemberSettings, Role};
use cairn_client::proto::model::receipts::ReceiptState;
use cairn_client::proto::text::{Caption, EmojiName, FileName, GroupName, MediaType, Text};

use super::check::members_agree;
use super::kept::{About, Kept, View};
use super::receipts::{Agreement, agree};
use super::replica::Sight;
use super::said::holds_what_was_said;
use super::scene::{EXPIRE, Said, Scene, What};
use super::steps::{Seat, WORDS};

const TEAM: ConversationId = ConversationId::new(1);
const ADA: UserId = UserId::new(1);
const BOB: UserId = UserId::new(2);
const BOBS: Seat = Seat { user: 1, device: 0 };

fn text(words: &str) -> Text {
    Text::new(words).unwrap()
}

fn message(msgid: u64, sender: UserId, body: Body) -> Message {
    let (msgid, sent_at) = (MsgId::new(msgid), Timestamp::new(msgid));
    Message {
        conversation: TEAM,
        msgid,
        sender,
        sent_at,
        body,
        extras: Extras::NONE,
    }
}

/// What a device of Ada's makes of a log.
fn kept(log: &[Message]) -> Result<Kept, String> {
    let kind = ConversationKind::Group {
        name: GroupName::new("team").unwrap(),
    };
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
    log.iter()
        .try_for_each(|message| kept.take(message))
        .map(|()| kept)
}

/// Bob says two things, and changes the first.
fn log() -> Vec<Message> {
    let edit = Amendment::Edited {
        msgid: MsgId::new(1),
        text: text("u1d0n1. edited").into(),
    };
    vec![
        message(1, BOB, Body::Text(text("u1d0n1."))),
        message(2, BOB, Body::Text(text("u1d0n2."))),
        message(3, BOB, Body::Amendment(edit)),
    ]
}

fn scene() -> Scene {
    let scene = Scene::new(vec![ADA, BOB]);
    for n in [1, 2] {
        let body = Body::Text(text(&format!("u1d0n{n}.")));
        scene.accepted(Said::new(n, BOBS, TEAM, MsgId::new(n), What::New(body)));
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
    let changed = [
        &log()[..1],
        &[message(2, BOB, Body::Text(text("u1d0n2")))],
        &log()[2..],
    ]
    .concat();
    assert!(
        found_in(&changed).is_err(),
        "the second says something else"
    );
    let by_another = [
        &log()[..1],
        &[message(2, ADA, Body::Text(text("u1d0n2.")))],
        &log()[2..],
    ]
    .concat();
    assert!(
        found_in(&by_another).is_err(),
        "somebody else says the second"
    );
    let recalled = [
        &log()[..],
        &[message(
            4,
            ADA,
            Body::Amendment(Amendment::Recalled {
                msgid: MsgId::new(2),
            }),
        )],
    ]
    .concat();
    assert!(found_in(&recalled).is_err(), "nobody recalled the second");
}

#[test]
fn what_a_device_missed_or_got_twice() {
    assert!(
        kept(&[&log()[..], &log()[2..]].concat()).is_err(),
        "an entry comes twice"
    );
    assert!(kept(&log()[1..]).unwrap().has_gap(), "an entry is missing");
    let view = |log: &[Message]| kept(log).unwrap().view();
    assert_eq!((view(&log()).unread, view(&log()).mentions), (2, 0));
    let sight = |view: View| Sight {
        conversations: BTreeMap::from([(TEAM, view)]),
        contacts: BTreeMap::new(),
    };
    assert_eq!(
        members_agree(&[sight(view(&log())), sight(view(&log()))]),
        Ok(())
    );
    let (whole, part) = (sight(view(&log())), sight(view(&log()[..2])));
    assert!(members_agree(&[whole.clone(), part.clone()]).is_err() && whole != part);
}

fn amended(msgid: u64, sender: UserId, amendment: Amendment) -> Message {
    message(msgid, sender, Body::Amendment(amendment))
}

fn wave() -> EmojiName {
    EmojiName::new("wave").unwrap()
}

fn second() -> MsgId {
    MsgId::new(2)
}

/// Bob's log, and what happens behind it.
fn behind(entries: &[Message]) -> Vec<Message> {
    [&log()[..], entries].concat()
}

#[test]
fn a_reaction_that_is_lost_or_that_nobody_made() {
    let react = |msgid, user| {
        amended(
            msgid,
            user,
            Amendment::Reacted {
                msgid: second(),
                emoji: wave(),
            },
        )
    };
    let unreact = |msgid, user| {
        amended(
            msgid,
            user,
            Amendment::Unreacted {
                msgid: second(),
                emoji: wave(),
            },
        )
    };
    let reacted = |is_there, is_refused| {
        let scene = scene();
        scene.next_round(false);
        scene.reacted((TEAM, second(), wave(), ADA), is_there, is_refused);
        scene
    };
    let found = |scene: &Scene, entries: &[Message]| {
        holds_what_was_said(scene, TEAM, &kept(&behind(entries)).unwrap().view())
    };
    assert_eq!(found(&reacted(true, false), &[react(4, ADA)]), Ok(()));
    assert!(found(&reacted(true, false), &[]).is_err(), "it is lost");
    assert!(
        found(&reacted(true, false), &[react(4, BOB)]).is_err(),
        "it is somebody else's"
    );
    assert!(
        found(&reacted(true, false), &[react(4, ADA), react(5, BOB)]).is_err(),
        "somebody else's is there too"
    );
    assert!(
        found(&reacted(true, true), &[react(4, ADA)]).is_err(),
        "it was refused"
    );
    assert!(
        found(&reacted(false, false), &[react(4, ADA)]).is_err(),
        "it was taken back"
    );
    assert_eq!(
        found(&reacted(false, false), &[react(4, ADA), unreact(5, ADA)]),
        Ok(())
    );
    assert!(found(&scene(), &[react(4, ADA)]).is_err(), "nobody made it");

    // Of what is done at once nobody knows which came last, and of what is refused by a server that was killed whether it was done.
    let [at_once, killed] = [reacted(true, false), scene()];
    at_once.reacted((TEAM, second(), wave(), ADA), false, false);
    killed.next_round(true);
    killed.reacted((TEAM, second(), wave(), ADA), true, true);
    for scene in [at_once, killed] {
        assert_eq!(
            (found(&scene, &[]), found(&scene, &[react(4, ADA)])),
            (Ok(()), Ok(()))
        );
        scene.next_round(false);
        scene.reacted((TEAM, second(), wave(), ADA), true, false);
        assert!(found(&scene, &[]).is_err(), "it was made again later");
    }
    let recalled = reacted(true, false);
    recalled.recalled(TEAM, second());
    assert_eq!(
        found(
            &recalled,
            &[
                react(4, ADA),
                amended(5, BOB, Amendment::Recalled { msgid: second() })
            ]
        ),
        Ok(())
    );
    assert!(
        found(&recalled, &[react(4, ADA)]).is_err(),
        "nothing is left of what was taken back"
    );
}

#[test]
fn a_pin_that_is_lost_or_that_nobody_made() {
    let found = |scene: &Scene, entries: &[Message]| {
        holds_what_was_said(scene, TEAM, &kept(&behind(entries)).unwrap().view())
    };
    let pin = || amended(4, ADA, Amendment::Pinned { msgid: second() });
    let pinned = scene();
    pinned.pinned((TEAM, second()), true, false);
    assert_eq!(found(&pinned, &[pin()]), Ok(()));
    assert!(found(&pinned, &[]).is_err(), "it is lost");
    assert!(found(&scene(), &[pin()]).is_err(), "nobody made it");
    pinned.next_round(false);
    pinned.pinned((TEAM, second()), false, false);
    assert!(found(&pinned, &[pin()]).is_err(), "it was taken back");
    assert_eq!(
        found(
            &pinned,
            &[
                pin(),
                amended(5, ADA, Amendment::Unpinned { msgid: second() })
            ]
        ),
        Ok(())
    );
}

#[test]
fn a_forwarded_message_that_says_something_else_or_whose_author_is_another() {
    let (scene, round) = (scene(), 2);
    scene.next_round(false);
    scene.edited(TEAM, second(), "u1d0n2. edited".to_owned());
    scene.next_round(false);
    let forwarded = What::Forwarded {
        origin: (TEAM, second()),
        round,
    };
    scene.accepted(Said::new(
        5,
        Seat { user: 0, device: 1 },
        TEAM,
        MsgId::new(5),
        forwarded,
    ));
    // What becomes of it later is not forwarded with it.
    scene.next_round(false);
    scene.edited(TEAM, second(), "u1d0n2. edited once more".to_owned());
    let found = |words, author: Option<UserId>| {
        let edit = |words| Amendment::Edited {
            msgid: second(),
            text: text(words).into(),
        };
        let extras = author.map(|author| Extra::Forwarded {
            author,
            at: Timestamp::new(2),
        });
        let extras = Extras::new(extras.into_iter().collect()).unwrap();
        let forwarded = Message {
            extras,
            ..message(5, ADA, Body::Text(text(words)))
        };
        let edits = ["u1d0n2. edited", "u1d0n2. edited once more"].map(edit);
        let entries = [
            amended(4, BOB, edits[0].clone()),
            forwarded,
            amended(6, BOB, edits[1].clone()),
        ];
        holds_what_was_said(&scene, TEAM, &kept(&behind(&entries)).unwrap().view())
    };
    assert_eq!(found("u1d0n2. edited", Some(BOB)), Ok(()));
    assert!(
        found("u1d0n2. edited", Some(ADA)).is_err(),
        "somebody else said it first"
    );
    assert!(
        found("u1d0n2. edited", None).is_err(),
        "nobody said it first"
    );
    for words in ["u1d0n2.", "u1d0n2. edited once more", "u1d0n1."] {
        assert!(
            found(words, Some(BOB)).is_err(),
            "{words}: it said something else by then"
        );
    }
    assert_eq!(
        scene.author(&Said::new(
            6,
            BOBS,
            TEAM,
            MsgId::new(6),
            What::Forwarded {
                origin: (TEAM, MsgId::new(5)),
                round: 3
            }
        )),
        BOB
    );
}

#[test]
fn a_picture_that_is_another() {
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
    let scene = scene();
    scene.accepted(Said::new(
        4,
        BOBS,
        TEAM,
        MsgId::new(4),
        What::New(Body::from(media(7))),
    ));
    let found = |body| {
        holds_what_was_said(
            &scene,
            TEAM,
            &kept(&behind(&[message(4, BOB, body)])).unwrap().view(),
        )
    };
    assert_eq!(found(Body::from(media(7))), Ok(()));
    assert!(found(Body::from(media(8))).is_err(), "it is wider");
    assert!(
        found(Body::from(Video {
            media: media(7),
            duration_ms: 1
        }))
        .is_err(),
        "it is a video"
    );
    assert!(found(Body::from(media(7).file)).is_err(), "it is any file");
}

#[test]
fn a_receipt_that_tells_something_else() {
    use ReceiptState::{Delivered, Read, Sent};
    let told =
        |states: &[(UserId, ReceiptState)]| states.iter().copied().collect::<BTreeMap<_, _>>();
    let compared = |one, expected, may_forget| {
        agree(&told(&[(ADA, one)]), &told(&[(ADA, expected)]), may_forget)
    };
    for state in [Delivered, Read] {
        assert_eq!(compared(state, state, false), Agreement::Yes);
    }
    assert_eq!(compared(Sent, Delivered, false), Agreement::NotYet);
    assert_eq!(
        compared(Sent, Delivered, true),
        Agreement::Yes,
        "the server was killed, and may have forgotten"
    );
    for (one, expected) in [(Sent, Read), (Delivered, Read), (Read, Delivered)] {
        assert_eq!(compared(one, expected, true), Agreement::No);
    }
    assert_eq!(
        agree(&told(&[]), &told(&[(ADA, Read)]), true),
        Agreement::No,
        "somebody is missing"
    );
    assert_eq!(
        agree(&told(&[(BOB, Read)]), &told(&[(ADA, Read)]), true),
        Agreement::No,
        "it is somebody else"
    );
}

#[test]
fn what_nobody_did() {
    let scene = Scene::new(vec![ADA, BOB]);
    assert_eq!(
        scene.never_done().len(),
        WORDS.len() + 1,
        "words are all different, and nothing was done yet"
    );
    scene.tally("edit", true);
    scene.tally("pin", false);
    let never_done = scene.never_done();
    assert!(
        !never_done.contains(&"edit")
            && ["pin", "unpin", EXPIRE]
                .iter()
                .all(|word| never_done.contains(word)),
        "{never_done:?}"
    );
}
