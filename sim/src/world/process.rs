//! A process of a device: an SDK client, and what follows its conversations.

use std::collections::BTreeSet;
use std::sync::Arc;

use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::packed::Content as Packed;
use cairn_client::proto::ids::ClientSeq;
use cairn_client::{
    Accepted, Body, Client, ConversationId, Error, ErrorCode, Event, Message, MsgId, SendStreamId,
    Text, Update, UserId, Visitor,
};
use tokio::task::JoinSet;

use super::World;
use super::device::Device;
use super::leaks::Canary;
use crate::history::{Outcome, Seen, Sent};

/// The stream of an outbox.
const OUTBOX_STREAM: SendStreamId = SendStreamId::new(1);

#[derive(Debug)]
pub(crate) struct Process {
    /// Unique in a run.
    pub(crate) number: u64,
    pub(crate) client: Client,
    /// Whose process it is, if it is a visitor's.
    pub(crate) visitor: Option<Visitor>,
    pub(crate) tasks: JoinSet<()>,
    following: BTreeSet<ConversationId>,
    /// Memberships that began while the conversation was followed to the end of an earlier one.
    again: BTreeSet<ConversationId>,
}

impl Process {
    pub(crate) fn new(number: u64, client: Client) -> Self {
        Self {
            number,
            client,
            visitor: None,
            tasks: JoinSet::new(),
            following: BTreeSet::new(),
            again: BTreeSet::new(),
        }
    }
}

impl World {
    /// Starts the process of a device that has an account and no process.
    pub(crate) fn start_process(self: &Arc<Self>, no: usize) {
        let device = &self.devices[no];
        if let Some(visitor) = device.visitor() {
            return self.start_visit(no, visitor);
        }
        if device.is_interactive() {
            return self.open_session(no);
        }
        let mut state = device.state.lock();
        let Some(account) = state.account.clone().filter(|_| state.process.is_none()) else {
            return;
        };
        let stream = device.keeps_outbox.then_some(OUTBOX_STREAM);
        let builder = self.builder(no).send_stream(stream);
        let client = match builder.connect_offline(&account) {
            Ok(client) => client,
            Err(error) => return self.fail(format!("a client does not start: {error}")),
        };
        let number = self.history.lock().moment().0;
        self.trace
            .note(&device.name(), format_args!("process {number} starts"));
        let mut process = Process::new(number, client.clone());
        process.tasks.spawn(watch(self.clone(), no, client));
        state.process = Some(process);
        let drafts: Vec<_> = state.drafts.iter().map(|(key, at)| (*key, *at)).collect();
        drop(state);
        for ((place, seq), at) in drafts {
            self.submit(no, place, Some(seq), at);
        }
    }

    /// Ends the process of a device, as a crash does.
    pub(crate) fn kill_process(&self, no: usize) {
        let device = &self.devices[no];
        let process = {
            let mut state = device.state.lock();
            state.visiting = JoinSet::new();
            state.process.take()
        };
        let Some(process) = process else { return };
        self.trace.note(
            &device.name(),
            format_args!("process {} ends", process.number),
        );
        self.links_of(no).iter().for_each(cairn_memory::Link::cut);
        self.history.lock().forget_pending(process.number);
    }

    pub(crate) fn links_of(&self, no: usize) -> Vec<cairn_memory::Link> {
        let mut links = self.network.links();
        links.retain(|link| link.client() == super::address(no));
        links
    }

    /// Runs a task of the device's process, until that ends. `what` must get an answer.
    pub(crate) fn spawn<F>(
        self: &Arc<Self>,
        no: usize,
        what: String,
        work: impl FnOnce(Client) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut state = self.devices[no].state.lock();
        let Some(process) = &mut state.process else {
            return;
        };
        let key = self.history.lock().begin(process.number, what);
        let (world, work) = (self.clone(), work(process.client.clone()));
        process.tasks.spawn(async move {
            work.await;
            world.history.lock().end(key);
        });
    }

    /// Sends a text.
    pub(crate) fn say(self: &Arc<Self>, no: usize, place: ConversationId, bytes: usize) {
        let device = &self.devices[no];
        let (process, seq) = {
            let mut state = device.state.lock();
            let Some(process) = state.process.as_ref().map(|process| process.number) else {
                return;
            };
            let next = state.next_seq.entry(place).or_insert(1);
            let seq = *next;
            *next += u64::from(device.keeps_outbox);
            (process, device.keeps_outbox.then_some(seq))
        };
        let (sender, canary) = (self.sender(device), self.canary(place));
        let at = self.invoke_send(sender, process, Some(place), bytes, canary);
        if let Some(seq) = seq {
            device.state.lock().drafts.insert((place, seq), at);
        }
        self.submit(no, place, seq, at);
    }

    /// Records a send, to a place that may not be known yet. Returns its place in the history.
    pub(crate) fn invoke_send(
        &self,
        sender: UserId,
        process: u64,
        place: Option<ConversationId>,
        bytes: usize,
        canary: Canary,
    ) -> usize {
        let mut history = self.history.lock();
        let invoked = history.moment();
        let at = history.sent.len();
        let mut text = format!("m{at} {}", canary.text());
        while text.len() < bytes {
            text.push_str(&format!(" {}", text.len() * (at + 7) % 9973));
        }
        let to = place.map_or("the desk".to_owned(), |place| place.to_string());
        self.trace.note(
            &format!("user {sender}"),
            format_args!("sends m{at}, {} bytes, to {to}", text.len()),
        );
        history.sent.push(Sent {
            user: sender,
            process,
            place,
            text,
            invoked,
            done: None,
            outcome: Outcome::Unknown,
        });
        at
    }

    pub(crate) fn submit(
        self: &Arc<Self>,
        no: usize,
        place: ConversationId,
        seq: Option<u64>,
        at: usize,
    ) {
        let text = self.history.lock().sent[at].text.clone();
        let world = self.clone();
        self.spawn(
            no,
            format!("device {no}: send m{at}"),
            |client| async move {
                let Ok(text) = Text::new(text) else { return };
                let conversation = client.conversation(place);
                let accepted = match seq {
                    Some(seq) => {
                        let content = Packed::new(Body::Text(text), Extras::NONE);
                        conversation
                            .enqueue_draft(ClientSeq::new(seq), content)
                            .await
                    }
                    None => conversation.enqueue(text).await,
                };
                world.settle_send(Some(no), at, accepted).await;
                if let Some(seq) = seq {
                    world.devices[no].state.lock().drafts.remove(&(place, seq));
                }
            },
        );
    }

    /// Records what becomes of a send.
    pub(crate) async fn settle_send(
        &self,
        no: Option<usize>,
        at: usize,
        accepted: Result<Accepted, Error>,
    ) {
        let answer = match accepted {
            Ok(accepted) => accepted.await,
            Err(error) => Err(error),
        };
        let outcome = match &answer {
            Ok(msgid) => Outcome::Ok(*msgid),
            Err(error) => match outcome_of(error) {
                Ok(outcome) => outcome,
                Err(()) if no.is_none() => Outcome::Unknown,
                Err(()) => return self.fail(format!("a send ends its client: {error}")),
            },
        };
        self.trace.note("", format_args!("m{at} is {outcome:?}"));
        let mut history = self.history.lock();
        let done = history.moment();
        let sent = &mut history.sent[at];
        (sent.done, sent.outcome) = (Some(done), outcome);
    }

    /// Follows a conversation, unless it is followed already.
    pub(crate) fn follow(self: &Arc<Self>, no: usize, place: ConversationId) {
        let mut state = self.devices[no].state.lock();
        let Some(process) = &mut state.process else {
            return;
        };
        if !process.following.insert(place) {
            process.again.insert(place);
            return;
        }
        let (world, client) = (self.clone(), process.client.clone());
        process.tasks.spawn(async move {
            while {
                follow(&world, no, &client, place).await;
                world.devices[no].follows_again(place)
            } {}
        });
    }

    pub(crate) fn note_seen(&self, device: &Device, message: Message) {
        let (place, msgid) = (message.conversation, message.msgid);
        let entry = message.into();
        self.trace.note(
            &device.name(),
            format_args!("gets {place}/{msgid}: {}", crate::check::summary(&entry)),
        );
        let mut history = self.history.lock();
        let at = history.moment();
        history.seen.push(Seen {
            host: device.no,
            user: self.sender(device),
            place,
            msgid,
            entry,
            at,
        });
    }
}

impl Device {
    /// Returns the process of a visitor, with its number.
    pub(crate) fn visit(&self) -> Option<(u64, Visitor)> {
        let state = self.state.lock();
        let process = state.process.as_ref()?;
        Some((process.number, process.visitor.clone()?))
    }

    /// Returns whether a membership began after the end of the one that was followed.
    fn follows_again(&self, place: ConversationId) -> bool {
        let mut state = self.state.lock();
        let Some(process) = &mut state.process else {
            return false;
        };
        let again = process.again.remove(&place);
        if !again {
            process.following.remove(&place);
        }
        again
    }
}

/// Returns what became of a request that failed; `Err` if it should not fail like that.
pub(crate) fn outcome_of(error: &Error) -> Result<Outcome, ()> {
    match error {
        // The batch may be durable although the sync failed.
        Error::Refused(ErrorCode::StorageFailed | ErrorCode::RetryTooOld) => Ok(Outcome::Unknown),
        Error::Refused(ErrorCode::SeqConflict | ErrorCode::BadRequest) => Err(()),
        Error::Refused(code) => Ok(Outcome::Failed(*code)),
        Error::Disconnected | Error::Closed => Ok(Outcome::Unknown),
        _ => Err(()),
    }
}

/// Follows whatever the user is a member of.
async fn watch(world: Arc<World>, no: usize, client: Client) {
    let mut events = client.events();
    list(&world, no, &client).await;
    while let Some(event) = events.next().await {
        match event {
            Event::Update(Update::Conversation(summary)) => world.follow(no, summary.id),
            Event::Reconnected | Event::Lagged(_) => list(&world, no, &client).await,
            _ => {}
        }
    }
}

/// Requests the list of conversations, and follows them.
pub(crate) async fn list(world: &Arc<World>, no: usize, client: &Client) {
    let asked = world.history.lock().moment();
    match client.conversations().list().await {
        Ok(items) => {
            for item in items {
                let place = item.id;
                world.note_listed(no, item, asked);
                world.follow(no, place);
            }
        }
        Err(error) if outcome_of(&error).is_ok() => {}
        Err(error) => world.fail(format!("a list ends its client: {error}")),
    }
}

/// Reads one membership to its end.
async fn follow(world: &Arc<World>, no: usize, client: &Client, place: ConversationId) {
    let device = &world.devices[no];
    let have = |device: &Device| device.state.lock().have.get(&place).copied();
    let from = have(device).unwrap_or(MsgId::ZERO).next();
    let mut timeline = client.conversation(place).follow(from);
    while let Some(next) = timeline.next().await {
        let message = match next {
            Ok(message) => message,
            Err(error) if outcome_of(&error).is_ok() => return,
            Err(error) => return world.fail(format!("a timeline ends its client: {error}")),
        };
        let (msgid, before) = (message.msgid, have(device).unwrap_or(MsgId::ZERO));
        if msgid <= before {
            return world.fail(format!("I7: device {no} gets {place}/{msgid} twice"));
        }
        if msgid > before.next() && msgid.prev() > timeline.floor() {
            return world.fail(format!(
                "I7: device {no} gets {place}/{msgid} after {before}, and the floor is {}",
                timeline.floor()
            ));
        }
        device.state.lock().have.insert(place, msgid);
        world.note_seen(device, message);
        client.conversation(place).ack(msgid);
    }
}
