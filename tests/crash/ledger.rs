//! The ledger: what was sent and with which result; and the checkers that compare a log with it.

use cairn_client::proto::content::body::{Body, SystemEntry};
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{MsgId, UserId};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::words::{Length, Said};

/// The state of a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Open,
    Accepted(MsgId),
    /// The server reported a storage failure: the message may be in the log, once, or not.
    StorageFailed,
}

/// All sends of all senders.
#[derive(Debug)]
pub struct Ledger {
    length: Length,
    senders: Vec<UserId>,
    state: Mutex<State>,
    accepted: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    /// By sender, place, and `n`.
    sent: Vec<Vec<Vec<Outcome>>>,
    /// By place and msgid, from 1: the message that was read there. `None` for a system entry.
    seen: Vec<Vec<Option<Said>>>,
}

impl Ledger {
    pub fn new(length: Length, senders: Vec<UserId>, places: usize) -> Self {
        let state = State {
            sent: vec![vec![Vec::new(); places]; senders.len()],
            seen: vec![Vec::new(); places],
        };
        Self {
            length,
            senders,
            state: Mutex::new(state),
            accepted: watch::Sender::new(0),
        }
    }

    /// Records the next send of this sender at this place. Returns it with its text.
    pub fn say(&self, sender: usize, place: usize) -> (Said, String) {
        let mut state = self.state.lock();
        let sent = &mut state.sent[sender][place];
        let said = Said {
            sender,
            place,
            n: sent.len(),
        };
        sent.push(Outcome::Open);
        (said, said.text(self.length))
    }

    /// Records the result of a send.
    pub fn answered(&self, said: Said, outcome: Outcome) {
        self.state.lock().sent[said.sender][said.place][said.n] = outcome;
        if matches!(outcome, Outcome::Accepted(_)) {
            self.accepted.send_modify(|accepted| *accepted += 1);
        }
    }

    /// The number of accepted sends.
    pub fn accepted(&self) -> watch::Receiver<u64> {
        self.accepted.subscribe()
    }

    /// A checker of the log of this place, from its beginning.
    pub fn reader(&self, place: usize) -> Reader<'_> {
        Reader {
            ledger: self,
            place,
            next: MsgId::new(1),
            next_of: vec![0; self.senders.len()],
        }
    }
}

/// Compares a log with the ledger, message by message. Detects messages that are missing,
/// duplicated, changed, out of order, or were never sent.
#[derive(Debug)]
pub struct Reader<'a> {
    ledger: &'a Ledger,
    place: usize,
    next: MsgId,
    /// By sender, `n` of the first message that was not read.
    next_of: Vec<usize>,
}

impl Reader<'_> {
    /// The msgid of the last message read.
    pub fn position(&self) -> MsgId {
        self.next.prev()
    }

    /// Checks the next message of the log.
    pub fn read(&mut self, message: &Message) -> Result<(), String> {
        let at = format!("place {} message {}", self.place, message.msgid);
        if message.msgid != self.next {
            return Err(format!("{at}: {} comes next", self.next));
        }
        let said = match &message.body {
            // The entries that created the group and added its members.
            Body::System(SystemEntry::Created { .. }) if message.msgid == MsgId::new(1) => None,
            Body::System(SystemEntry::Added { .. }) if message.msgid == MsgId::new(2) => None,
            Body::Text(text) => Some(
                self.identify(message, text.as_str())
                    .map_err(|what| format!("{at}: {what}"))?,
            ),
            other => return Err(format!("{at}: nobody said {other:?}")),
        };
        self.note(said).map_err(|what| format!("{at}: {what}"))?;
        self.next = self.next.next();
        Ok(())
    }

    /// Identifies a message, which must be the next one of its sender, byte for byte.
    fn identify(&self, message: &Message, text: &str) -> Result<Said, String> {
        let said = Said::of(text).ok_or("nobody says such a thing")?;
        if said.place != self.place || self.ledger.senders.get(said.sender) != Some(&message.sender)
        {
            return Err(format!("{said:?} is said to be of user {}", message.sender));
        }
        if text != said.text(self.ledger.length) {
            return Err(format!(
                "the bytes of {said:?} are not those that were sent"
            ));
        }
        let next = self.next_of[said.sender];
        if said.n < next {
            return Err(format!(
                "{said:?} stands here again, or too late: {next} of this sender comes next"
            ));
        }
        let state = self.ledger.state.lock();
        let sent = &state.sent[said.sender][said.place];
        match sent.get(said.n) {
            None => return Err(format!("{said:?} was never sent")),
            Some(Outcome::Accepted(msgid)) if *msgid != message.msgid => {
                return Err(format!("{said:?} was accepted as {msgid}"));
            }
            Some(_) => {}
        }
        match sent[next..said.n]
            .iter()
            .position(|outcome| *outcome != Outcome::StorageFailed)
        {
            Some(left_out) => {
                let (n, outcome) = (next + left_out, sent[next + left_out]);
                Err(format!(
                    "{said:?} stands here, and message {n} of this sender does not stand before \
                    it: {outcome:?}"
                ))
            }
            None => Ok(said),
        }
    }

    /// Checks that every reader finds the same message under the same msgid.
    fn note(&mut self, said: Option<Said>) -> Result<(), String> {
        let mut state = self.ledger.state.lock();
        let seen = &mut state.seen[self.place];
        match seen.get(self.next.prev().get() as usize) {
            None => seen.push(said),
            Some(before) if *before == said => {}
            Some(before) => {
                return Err(format!("{before:?} was seen here, and now it is {said:?}"));
            }
        }
        if let Some(said) = said {
            self.next_of[said.sender] = said.n + 1;
        }
        Ok(())
    }

    /// Checks that the log may end here, when no send is in flight: every accepted message was
    /// read.
    pub fn end(&self) -> Result<(), String> {
        let state = self.ledger.state.lock();
        for (sender, next) in self.next_of.iter().enumerate() {
            let rest = &state.sent[sender][self.place][*next..];
            if let Some((n, outcome)) = (*next..)
                .zip(rest)
                .find(|(_, outcome)| **outcome != Outcome::StorageFailed)
            {
                let place = self.place;
                return Err(format!(
                    "place {place} ends with {}, without message {n} of sender {sender}: \
                    {outcome:?}",
                    self.position()
                ));
            }
        }
        let seen = state.seen[self.place].len() as u64;
        if seen != self.position().get() {
            return Err(format!(
                "place {} ends with {}, and message {seen} was seen",
                self.place,
                self.position()
            ));
        }
        Ok(())
    }
}
