//! The checker of the crash tests finds every kind of planted fault.

use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::text::Text;

use super::ledger::{Ledger, Outcome};
use super::words::Length;

/// The users of senders 0 and 1.
const USERS: [u32; 2] = [5, 6];

/// A log of two senders in one conversation: four messages of the first and one of the second, all
/// accepted.
fn talk() -> (Ledger, Vec<Message>) {
    let ledger = Ledger::new(Length::Chat, USERS.map(UserId::new).into(), 1);
    let mut log = Vec::new();
    for (msgid, sender) in (1..).zip([0, 0, 1, 0, 0]) {
        let (said, text) = ledger.say(sender, 0);
        ledger.answered(said, Outcome::Accepted(MsgId::new(msgid)));
        log.push(message(msgid, sender, &text));
    }
    (ledger, log)
}

fn message(msgid: u64, sender: usize, text: &str) -> Message {
    Message {
        conversation: ConversationId::new(1),
        msgid: MsgId::new(msgid),
        sender: UserId::new(USERS[sender]),
        sent_at: Timestamp::new(0),
        body: Body::Text(Text::new(text).unwrap()),
        extras: Extras::NONE,
    }
}

fn read(ledger: &Ledger, log: &[Message]) -> Result<(), String> {
    let mut reader = ledger.reader(0);
    log.iter().try_for_each(|message| reader.read(message))?;
    reader.end()
}

/// Renumbers a changed log, and returns the checker's error.
fn found(change: impl FnOnce(&mut Vec<Message>)) -> String {
    let (ledger, mut log) = talk();
    change(&mut log);
    for (msgid, message) in (1..).zip(&mut log) {
        message.msgid = MsgId::new(msgid);
    }
    read(&ledger, &log).expect_err("nothing is found")
}

#[test]
fn valid_log_passes() {
    let (ledger, log) = talk();
    read(&ledger, &log).unwrap();
    read(&ledger, &log).unwrap();
}

#[test]
fn loss_is_found() {
    assert!(found(|log| drop(log.pop())).contains("without message 3 of sender 0: Accepted"));
    assert!(found(|log| drop(log.remove(1))).contains("was accepted as 3"));
    assert!(found(|log| drop(log.remove(0))).contains("was accepted as 2"));
}

#[test]
fn unacknowledged_gap_is_found() {
    let ledger = Ledger::new(Length::Chat, USERS.map(UserId::new).into(), 1);
    let (_open, _) = ledger.say(0, 0);
    let (_, text) = ledger.say(0, 0);
    let wrong = read(&ledger, &[message(1, 0, &text)]).unwrap_err();
    assert!(
        wrong.contains("message 0 of this sender does not stand before it"),
        "{wrong}"
    );
}

#[test]
fn failed_send_appears_at_most_once() {
    for is_there in [false, true] {
        let ledger = Ledger::new(Length::Chat, USERS.map(UserId::new).into(), 1);
        let (failed, first) = ledger.say(0, 0);
        let (_, second) = ledger.say(0, 0);
        ledger.answered(failed, Outcome::StorageFailed);
        let texts: &[&str] = if is_there {
            &[&first, &second]
        } else {
            &[&second]
        };
        let mut log: Vec<Message> = (1..)
            .zip(texts)
            .map(|(msgid, text)| message(msgid, 0, text))
            .collect();
        read(&ledger, &log).unwrap();
        log.push(message(log.len() as u64 + 1, 0, &first));
        assert!(
            read(&ledger, &log)
                .unwrap_err()
                .contains("again, or too late")
        );
    }
}

#[test]
fn duplicate_is_found() {
    let wrong = found(|log| {
        let copy = log[4].clone();
        log.push(copy);
    });
    assert!(wrong.contains("again, or too late"), "{wrong}");
}

#[test]
fn reordering_is_found() {
    let wrong = found(|log| log.swap(0, 1));
    assert!(wrong.contains("was accepted as"), "{wrong}");
}

#[test]
fn gap_is_found() {
    let (ledger, mut log) = talk();
    log.remove(2);
    assert!(read(&ledger, &log).unwrap_err().contains("3 comes next"));
}

#[test]
fn changed_bytes_and_senders_are_found() {
    let wrong = found(|log| {
        let Body::Text(text) = &log[3].body else {
            panic!("no text")
        };
        log[3].body = Body::Text(Text::new(format!("{text}.")).unwrap());
    });
    assert!(wrong.contains("the bytes of"), "{wrong}");
    let wrong = found(|log| log[2].sender = UserId::new(USERS[0]));
    assert!(wrong.contains("is said to be of user 5"), "{wrong}");
}

#[test]
fn invented_message_is_found() {
    assert!(found(|log| log.push(message(6, 0, "hello"))).contains("nobody says such a thing"));
    let (_, text) = {
        let (elsewhere, _) = talk();
        elsewhere.say(0, 0)
    };
    assert!(found(|log| log.push(message(6, 0, &text))).contains("was never sent"));
}

#[test]
fn reused_number_is_found() {
    let ledger = Ledger::new(Length::Chat, USERS.map(UserId::new).into(), 1);
    let [(_, first), (_, second)] = [ledger.say(0, 0), ledger.say(1, 0)];
    read(&ledger, &[message(1, 0, &first), message(2, 1, &second)]).unwrap();
    let wrong = read(&ledger, &[message(1, 1, &second), message(2, 0, &first)]).unwrap_err();
    assert!(wrong.contains("was seen"), "{wrong}");
}
