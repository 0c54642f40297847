//! Interactive devices: sessions with an outbox and a cache, which are killed and lose power.

mod last;
#[path = "../../../../session/tests/scripts/truth.rs"]
#[allow(
    dead_code,
    reason = "what is shown of windows and receipts is tested there"
)]
mod truth;

use std::sync::Arc;

use cairn_client::{ConversationId, ErrorCode, MsgId, Timestamp};
use cairn_session::{Command, Draft, InProcess, Place, Session, SessionOptions};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::{START_MS, World};
use crate::dice::Dice;
use crate::history::{Outcome, Read};
use crate::script::step::Look;

/// Entries that a window holds: few, so that windows evict, and more than a page and what is read
/// ahead of the screen, which would be read again and again.
const WINDOW_ENTRIES_MAX: usize = 250;

/// A running session of a device.
#[derive(Debug)]
pub(crate) struct Running {
    /// Unique in a run.
    number: u64,
    pub(super) session: Arc<Session>,
    /// What its user does, one thing after another.
    acts: UnboundedSender<Act>,
}

#[derive(Debug)]
enum Act {
    /// Types the message of this number.
    Type(usize, ConversationId),
    Do(Command),
}

impl World {
    pub(super) fn open_session(self: &Arc<Self>, no: usize) {
        let device = &self.devices[no];
        let mut state = device.state.lock();
        let Some(account) = state.account.clone().filter(|_| state.session.is_none()) else {
            return;
        };
        let world = self.clone();
        let options = SessionOptions {
            client: self.builder(no),
            window_entries_max: WINDOW_ENTRIES_MAX,
            ..SessionOptions::new()
        };
        let on = InProcess {
            now: Arc::new(move || world.steady_clock()),
            medium: state.medium.clone(),
        };
        let session = match Session::open_in_process(&account, options, on) {
            Ok(session) => Arc::new(session),
            Err(error) => return self.fail(format!("S2: the cache cannot be opened: {error}")),
        };
        let number = self.history.lock().moment().0;
        self.trace
            .note(&device.name(), format_args!("session {number} starts"));
        let (acts, to_do) = mpsc::unbounded_channel();
        let user = use_session(self.clone(), no, number, session.clone(), to_do);
        self.tasks_of_sessions.lock().spawn(user);
        state.session = Some(Running {
            number,
            session,
            acts,
        });
        drop(state);
        self.may_read_everything(no);
    }

    /// Drops all sessions. Each keeps the world, whose clock it reads.
    pub(super) fn close_sessions(&self) {
        for device in &self.devices {
            device.state.lock().session = None;
        }
    }

    /// Ends a session as a crash of its process, or a power cut of its machine.
    pub(super) fn crash_session(&self, no: usize, dice: &mut Dice) {
        let device = &self.devices[no];
        let mut state = device.state.lock();
        let Some(running) = state.session.take() else {
            return;
        };
        let loses_power = dice.one_in(2);
        self.trace.note(
            &device.name(),
            format_args!("session {} ends, power cut: {loses_power}", running.number),
        );
        state.medium.crash(loses_power, || dice.one_in(2));
        running.session.crash();
        drop(state);
        self.links_of(no).iter().for_each(cairn_memory::Link::cut);
    }

    /// A session moves read cursors as its user looks at windows.
    fn may_read_everything(&self, no: usize) {
        let user = self.sender(&self.devices[no]);
        let mut history = self.history.lock();
        let invoked = history.moment();
        for &place in self.places.get().into_iter().flatten() {
            history.reads.push(Read {
                user,
                place,
                msgid: MsgId::new(u64::MAX),
                invoked,
                done: None,
            });
        }
    }

    /// The clock of devices, which never jumps.
    fn steady_clock(&self) -> Timestamp {
        Timestamp::new(START_MS + self.trace.elapsed().as_millis() as u64)
    }

    /// Types messages, which go to the outbox.
    pub(super) fn type_messages(&self, no: usize, place: usize, bytes: usize, count: usize) {
        let device = &self.devices[no];
        let (Some(place), Some(acts)) = (self.place(place), device.acts()) else {
            return;
        };
        for n in 0..count {
            let (sender, canary) = (self.sender(device), self.canary(place));
            // One device keeps its order over all its processes.
            let process = u64::MAX - no as u64;
            let bytes = (bytes + 37 * n) % 3_000;
            let at = self.invoke_send(sender, process, Some(place), bytes, canary);
            self.history.lock().typed.push((no, at));
            let _ = acts.send(Act::Type(at, place));
        }
    }

    pub(super) fn look(&self, no: usize, place: usize, look: Look) {
        let device = &self.devices[no];
        let (Some(id), Some(acts)) = (self.place(place), device.acts()) else {
            return;
        };
        let command = match look {
            Look::AtEnd => Command::Open {
                conversation: id,
                at: Place::End,
            },
            Look::AtUnread => Command::Open {
                conversation: id,
                at: Place::FirstUnread,
            },
            Look::Away => Command::Leave(id),
            Look::Attention(has_attention) => Command::Attention(has_attention),
            Look::MarkRead => Command::MarkRead(id),
            Look::Draft(number) => Command::Draft(Draft {
                words: format!("draft {number}"),
                ..Draft::new(id)
            }),
        };
        self.trace
            .note(&device.name(), format_args!("{look:?} {id}"));
        let _ = acts.send(Act::Do(command));
    }
}

impl super::device::Device {
    fn acts(&self) -> Option<UnboundedSender<Act>> {
        let state = self.state.lock();
        state.session.as_ref().map(|running| running.acts.clone())
    }

    pub(super) fn session(&self) -> Option<Arc<Session>> {
        let state = self.state.lock();
        state
            .session
            .as_ref()
            .map(|running| running.session.clone())
    }

    fn is_session(&self, number: u64) -> bool {
        let state = self.state.lock();
        state
            .session
            .as_ref()
            .is_some_and(|running| running.number == number)
    }
}

/// Does what the user of a session does, one thing after another.
async fn use_session(
    world: Arc<World>,
    no: usize,
    number: u64,
    session: Arc<Session>,
    mut acts: UnboundedReceiver<Act>,
) {
    while let Some(act) = acts.recv().await {
        let (at, place) = match act {
            Act::Do(command) => {
                session.perform(command).await;
                continue;
            }
            Act::Type(at, place) => (at, place),
        };
        let words = world.history.lock().sent[at].text.clone();
        let draft = Draft {
            words,
            ..Draft::new(place)
        };
        let _ = session.take_refused();
        session.perform(Command::Send(draft)).await;
        let device = &world.devices[no];
        if !device.is_session(number) {
            // It may be on disk, or not.
            return;
        }
        let refused = session.take_refused();
        let is_refused = refused.iter().any(|refused| refused.conversation == place);
        let mut history = world.history.lock();
        match is_refused {
            true => history.sent[at].outcome = Outcome::Failed(ErrorCode::NotFound),
            false => drop(history.kept.insert(at)),
        }
        drop(history);
        world.trace.note(
            &device.name(),
            format_args!("m{at} is {}", if is_refused { "refused" } else { "kept" }),
        );
    }
}
