//! A simulated machine with an engine, and the ledger beside it.

use std::path::Path;
use std::time::Duration;

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Draft;
use cairn_proto::content::packed::Content as Packed;
use cairn_proto::ids::{ClientSeq, ConversationId, MsgId, Timestamp};
use cairn_proto::model::retention::Retention;
use cairn_proto::text::Text;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::message::{Edit, Recall};
use cairn_proto::wire::request::reading::{Ack, MarkRead};

use super::ledger::{Content, Ledger, Sent, USERS};
use super::mirror::Mirror;
use super::script::{End, Run, Step, Trouble};
use crate::check::doctor::{self, Depth};
use crate::engine::Engine;
use crate::env::Env;
use crate::testing::{MemoryLog, SimDisk};
use cairn_core::Command;
use cairn_core::api::actor::Actor;
use cairn_core::api::command::{Expire, GetRetained};
use cairn_core::command::By;

const DIR: &str = "/data";

/// How an engine without a clean end comes back.
#[derive(Clone, Copy, Debug)]
pub(super) enum Restart {
    PowerCut,
    Killed,
}

#[derive(Debug)]
pub(super) struct Machine {
    pub(super) disk: SimDisk,
    pub(super) env: Env,
    /// The log, if it is not on the disk.
    pub(super) log: Option<MemoryLog>,
    pub(super) engine: Option<Engine>,
    pub(super) now: u64,
    pub(super) actors: Vec<Actor>,
    pub(super) conversations: Vec<ConversationId>,
    /// What was accepted.
    pub(super) accepted: Ledger,
    /// The same with the batch that is not.
    pub(super) next: Ledger,
    pub(super) mirror: Mirror,
    pub(super) checkpoints: u64,
    /// Whether `next` may have become durable.
    pub(super) is_in_doubt: bool,
}

/// The step could not be done because of trouble.
struct Failed;

impl Machine {
    pub(super) fn new(disk: &SimDisk, seed: u64) -> Self {
        Self {
            disk: disk.clone(),
            env: Env::simulated(disk, seed),
            log: None,
            engine: None,
            now: 1,
            actors: Vec::new(),
            conversations: Vec::new(),
            accepted: Ledger::default(),
            next: Ledger::default(),
            mirror: Mirror::new(),
            checkpoints: 0,
            is_in_doubt: false,
        }
    }

    /// Keeps the log of an empty machine elsewhere.
    pub(super) fn with_log(mut self, log: MemoryLog) -> Self {
        self.env = self.env.with_log(&log);
        self.log = Some(log);
        self
    }

    /// Returns how many calls failed as planned.
    pub(super) fn hits(&self) -> u64 {
        self.disk.hits() + self.log.as_ref().map_or(0, MemoryLog::failures)
    }

    fn clear_faults(&self) {
        self.disk.clear_faults();
        if let Some(log) = &self.log {
            log.clear_failure();
        }
    }

    /// Completed checkpoints, without those at a close.
    pub(super) const fn checkpoints(&self) -> u64 {
        self.checkpoints
    }

    pub(super) fn open(&mut self) -> Result<(), String> {
        let engine = Engine::open_in(&self.env, Path::new(DIR));
        self.engine = Some(engine.map_err(|error| format!("it does not open: {error}"))?);
        Ok(())
    }

    pub(super) fn execute<C: Command>(&mut self, command: C) -> Result<C::Answer, ErrorCode> {
        self.now += 1;
        let engine = self.engine.as_mut().unwrap();
        engine.execute(command, Timestamp::new(self.now))
    }

    /// Extends the ledger by the entries that the engine added by itself.
    pub(super) fn note_heads(&mut self) -> Result<(), ErrorCode> {
        for at in 0..self.conversations.len() {
            match self.execute(GetRetained(self.conversations[at])) {
                Ok(retained) => self.next[at].grow_to(retained.head.get()),
                Err(ErrorCode::NotFound) => {}
                Err(code) => return Err(code),
            }
        }
        Ok(())
    }

    pub(super) fn play(&mut self, run: &Run) -> Result<(), String> {
        match run.trouble {
            Trouble::None => {}
            Trouble::PowerCut(call) => self.disk.cut_power_at(call),
            Trouble::Fault(fault) => self.disk.fail(fault),
            Trouble::LostReply(append, reply) => {
                if let Some(log) = &self.log {
                    log.fail(append, reply);
                }
            }
        }
        let (hits, mut is_failed) = (self.hits(), false);
        for step in &run.steps {
            if self.step(step)?.is_err() {
                is_failed = true;
                break;
            }
        }
        if is_failed && !self.disk.is_off() && self.hits() == hits {
            return Err("a step failed on a sound disk".to_owned());
        }
        let metrics = self.engine.as_ref().unwrap().metrics();
        self.checkpoints += metrics.checkpoints.done;
        let restart = match run.end {
            _ if self.disk.is_off() => Restart::PowerCut,
            // The page cache still shows what a failed sync has lost.
            End::Kill | End::Close if self.hits() > hits => Restart::Killed,
            End::Close if !is_failed => self.close(hits)?,
            End::PowerCut => Restart::PowerCut,
            End::Kill | End::Close => Restart::Killed,
        };
        self.restart(restart, run.cut_start)
    }

    /// `hits` are the failures before this run.
    fn close(&mut self, hits: u64) -> Result<Restart, String> {
        self.is_in_doubt = true;
        match self.engine.take().unwrap().close() {
            Ok(()) => self.accept(),
            Err(_) if self.disk.is_off() => return Ok(Restart::PowerCut),
            Err(_) if self.hits() > hits => return Ok(Restart::Killed),
            Err(error) => return Err(format!("it does not close: {error}")),
        }
        Ok(Restart::Killed)
    }

    /// Starts again, and compares what is there with the ledger. The power may be cut once more
    /// during this call of the start.
    pub(super) fn restart(
        &mut self,
        restart: Restart,
        cut_start: Option<u64>,
    ) -> Result<(), String> {
        self.engine = None;
        self.mirror.stop();
        match restart {
            Restart::PowerCut => self.disk.crash(),
            Restart::Killed => {}
        }
        self.clear_faults();
        if let Some(call) = cut_start {
            self.disk.cut_power_at(call);
        }
        if let Err(error) = self.open() {
            if !self.disk.is_off() {
                return Err(error);
            }
            self.disk.crash();
            self.open()?;
        }
        self.clear_faults();
        self.recover()
    }

    fn recover(&mut self) -> Result<(), String> {
        let sends = self.new_sends();
        if let Err(without) = self.verify_all(false) {
            let with = match self.is_in_doubt {
                true => self.verify_all(true),
                false => Err("it was never written".to_owned()),
            };
            with.map_err(|with| {
                format!("without the last batch: {without}; with the last batch: {with}")
            })?;
            self.accepted = self.next.clone();
        }
        self.next = self.accepted.clone();
        self.is_in_doubt = false;
        // Clients repeat what was not accepted. What survived is not stored again.
        for (by, to, sent) in sends {
            let repeated = self.repeat(by, to, sent.seq, &sent.text);
            repeated.map_err(|code| format!("a repeated send is refused: {code:?}"))?;
        }
        let committed = self.engine.as_mut().unwrap().commit();
        committed.map_err(|error| error.to_string())?;
        self.accept();
        self.verify_all(false)?;
        self.follow(usize::MAX)?;
        self.verify_mirror()
    }

    fn follow(&mut self, batches: usize) -> Result<(), String> {
        let engine = self.engine.as_mut().unwrap();
        self.mirror.follow(engine, &self.conversations, batches)
    }

    /// The sends that only the last batch has.
    fn new_sends(&self) -> Vec<(usize, usize, Sent)> {
        let mut sends = Vec::new();
        for (to, (next, accepted)) in self.next.iter().zip(&self.accepted).enumerate() {
            for by in 0..USERS {
                let from = accepted.next_seq(by);
                let new = next.sent[by].iter().filter(|sent| sent.seq >= from);
                sends.extend(new.map(|sent| (by, to, sent.clone())));
            }
        }
        sends
    }

    fn accept(&mut self) {
        self.accepted = self.next.clone();
        self.is_in_doubt = false;
    }

    /// Closes the machine, and lets the doctor look at what it left.
    pub(super) fn finish(mut self) -> Result<(), String> {
        self.engine.take().unwrap().close().unwrap();
        doctor::check_in(&self.env, Path::new(DIR), Depth::Hashes, &mut |_| ())
            .map(drop)
            .map_err(|error| format!("the doctor reports: {error}"))
    }

    fn step(&mut self, step: &Step) -> Result<Result<(), Failed>, String> {
        if self.disk.is_off() {
            return Ok(Err(Failed));
        }
        let done = match *step {
            Step::Commit => {
                self.is_in_doubt = true;
                let committed = self.engine.as_mut().unwrap().commit().map(drop);
                if committed.is_ok() {
                    self.accept();
                }
                committed.map_err(|_| Failed)
            }
            Step::Maintain => {
                let maintained = self.engine.as_mut().unwrap().maintain();
                maintained.map_err(|_| Failed)
            }
            Step::Minute => {
                self.env.clock().advance(Duration::from_secs(60));
                Ok(())
            }
            Step::Work(work, times) => {
                let engine = self.engine.as_mut().unwrap();
                (0..times).take_while(|_| engine.step(work)).for_each(drop);
                Ok(())
            }
            Step::Follow(batches) => self.follow(batches).map_err(|_| Failed),
            Step::Verify => {
                let verified = self.verify_entries(&self.accepted);
                return match verified {
                    Err(_) if self.disk.is_off() || self.hits() > 0 => Ok(Err(Failed)),
                    verified => verified.map(Ok),
                };
            }
            _ => match self.request(step) {
                Ok(()) => Ok(()),
                Err(ErrorCode::Damaged) => Err(Failed),
                Err(code) => return Err(format!("{step:?} is refused: {code:?}")),
            },
        };
        Ok(done)
    }

    fn request(&mut self, step: &Step) -> Result<(), ErrorCode> {
        match *step {
            Step::Send { by, to, bytes } if self.is_member(by, to) => {
                let seq = self.next[to].next_seq(by);
                let text = text(format!("{by}-{to}-{seq}"), bytes);
                self.repeat(by, to, seq, &text)?;
            }
            Step::Repeat { by, to, nth } => {
                let sent = &self.next[to].sent[by];
                if let Some(at) = nth.checked_rem(sent.len()) {
                    let Sent { seq, text, .. } = sent[at].clone();
                    self.repeat(by, to, seq, &text)?;
                }
            }
            Step::Edit { of, nth, bytes } => {
                if let Some((msgid, by)) = self.next[of].text(nth) {
                    let text = text(format!("edited {}", self.now), bytes);
                    let edit = Edit {
                        conversation: self.conversations[of],
                        msgid: MsgId::new(msgid),
                        text: Text::new(text.clone()).unwrap(),
                    };
                    self.execute(By(self.actors[by], edit))?;
                    self.next[of].set(msgid, Content::Text { by, text });
                    self.note_heads()?;
                }
            }
            Step::Recall { of, nth } => {
                if let Some((msgid, by)) = self.next[of].text(nth) {
                    let recall = Recall {
                        conversation: self.conversations[of],
                        msgid: MsgId::new(msgid),
                    };
                    self.execute(By(self.actors[by], recall))?;
                    self.next[of].set(msgid, Content::Recalled);
                    self.note_heads()?;
                }
            }
            Step::Read { by, of, nth } if self.can_read(by, of) => {
                let (conversation, msgid) = self.position(of, nth);
                self.execute(By(
                    self.actors[by],
                    MarkRead {
                        conversation,
                        msgid,
                    },
                ))?;
                let read = &mut self.next[of].read[by];
                *read = (*read).max(msgid.get());
            }
            Step::Ack { by, of, nth } if self.can_read(by, of) => {
                let (conversation, msgid) = self.position(of, nth);
                self.execute(By(
                    self.actors[by],
                    Ack {
                        conversation,
                        msgid,
                    },
                ))?;
                let delivered = &mut self.next[of].delivered[by];
                *delivered = (*delivered).max(msgid.get());
            }
            Step::Expire { nth } => {
                let (conversation, aged) = self.position(0, nth);
                let policy = Retention::Days(1);
                self.execute(Expire {
                    conversation,
                    policy,
                    aged,
                })?;
                let floor = &mut self.next[0].floor;
                *floor = (*floor).max(aged.get());
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a user is a member of a conversation, which may not exist yet.
    fn is_member(&self, user: usize, conversation: usize) -> bool {
        self.conversations[conversation]
            .direct_users()
            .is_none_or(|_| user < 2)
    }

    fn can_read(&self, user: usize, conversation: usize) -> bool {
        self.next[conversation].head() > 0 && self.is_member(user, conversation)
    }

    fn position(&self, of: usize, nth: usize) -> (ConversationId, MsgId) {
        let head = self.next[of].head() as usize;
        let msgid = nth.checked_rem(head + 1).unwrap_or_default() as u64;
        (self.conversations[of], MsgId::new(msgid))
    }

    /// Sends a message, for the first time or again.
    fn repeat(&mut self, by: usize, to: usize, seq: u64, text: &str) -> Result<(), ErrorCode> {
        let body = Body::Text(Text::new(text.to_owned()).unwrap());
        let draft = Draft {
            conversation: self.conversations[to],
            seq: ClientSeq::new(seq),
            content: Packed::new(body, Extras::default()),
        };
        let msgid = self.execute(By(self.actors[by], draft))?.get();
        let accepted = &mut self.next[to];
        let known = accepted.sent[by].iter().find(|sent| sent.seq == seq);
        match known {
            Some(sent) => assert_eq!(msgid, sent.msgid, "a repeated send has another number"),
            None => {
                assert_eq!(
                    msgid,
                    accepted.head() + 1,
                    "a send does not follow the head"
                );
                let text = text.to_owned();
                accepted.send(by, Sent { seq, text, msgid });
            }
        }
        Ok(())
    }
}

fn text(mut text: String, bytes: usize) -> String {
    // Hardly compressible, so that blocks fill.
    let mut state = bytes as u64 + 1;
    for _ in 0..bytes / 8 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        text.push_str(&format!("{:08x}", state >> 32));
    }
    text
}
