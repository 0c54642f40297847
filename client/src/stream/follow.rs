//! What a timeline knows: where its reader is, what was pushed ahead of it, and how far the log
//! goes. No I/O: it only decides.
//!
//! Push is a hint, pull is the truth. A pushed run that continues where the reader is, is taken;
//! one that lies further ahead is kept while there is room; whatever is missing in between, or did
//! not fit, is pulled.

use std::collections::{HashMap, VecDeque};
use std::task::Waker;

use cairn_proto::content::message::{Run, split_entry};
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits::RUN_MESSAGES_MAX;
use cairn_proto::wire::codec::DecodeError;
use cairn_proto::wire::response::Pulled;

use crate::limits;

/// What comes next for a reader.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Hand over this run. It begins exactly where the reader is.
    Take(Run),
    /// Ask for a part of the log.
    Pull {
        /// From here.
        from: MsgId,
        /// At most so many messages.
        limit: u32,
    },
    /// There will be nothing more.
    End,
    /// Nothing is known that the reader does not have.
    Wait,
}

/// The server broke its word about a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) &'static str);

impl From<DecodeError> for Broken {
    fn from(_: DecodeError) -> Self {
        Self("a message cannot be read")
    }
}

/// How far a timeline goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// On and on.
    Endless,
    /// To the head as of the first answer.
    ToHead,
}

/// One reader of one conversation.
#[derive(Debug)]
pub(crate) struct Follower {
    /// Tells it from others of the same conversation.
    key: u64,
    conversation: ConversationId,
    /// The first message that the reader does not have.
    next: MsgId,
    /// The last message that is known to exist.
    head: MsgId,
    /// The last message that is known to be gone on purpose, or not to be for this member.
    floor: MsgId,
    /// Whether there may be messages beyond `head` of which no push will tell.
    probe: bool,
    /// Pushed runs ahead of the reader, ascending, perhaps with gaps.
    runs: VecDeque<Run>,
    buffered_bytes: usize,
    /// The last message to hand over, when there is one: the entry that ended the membership, or
    /// the head that a history ends at.
    end: Option<MsgId>,
    extent: Extent,
    pub(crate) waker: Option<Waker>,
}

impl Follower {
    pub(crate) fn new(key: u64, conversation: ConversationId, from: MsgId, extent: Extent) -> Self {
        let next = from.max(MsgId::ZERO.next());
        let (head, runs) = (MsgId::ZERO, VecDeque::new());
        Self {
            key,
            conversation,
            next,
            head,
            floor: MsgId::ZERO,
            probe: true,
            runs,
            buffered_bytes: 0,
            end: None,
            extent,
            waker: None,
        }
    }

    /// The server pushed a run.
    pub(crate) fn pushed(&mut self, run: &Run) {
        if self.extent == Extent::ToHead {
            return;
        }
        let known = self.runs.back().map_or(self.next.prev(), Run::last);
        self.grown(run.last());
        let fits = self.buffered_bytes + run.entries.len() <= limits::TIMELINE_BUFFER_BYTES_MAX;
        if run.last() > known && (fits || self.runs.is_empty()) {
            self.buffered_bytes += run.entries.len();
            self.runs.push_back(run.clone());
        }
    }

    /// The log reaches at least up to here.
    pub(crate) fn grown(&mut self, head: MsgId) {
        self.head = self.head.max(head);
    }

    /// Everything up to here is gone on purpose. The reader goes on behind it.
    pub(crate) fn expired(&mut self, floor: MsgId) {
        self.floor = self.floor.max(floor);
        self.next = self.next.max(self.floor.next());
    }

    /// The last message that is known to be gone on purpose.
    pub(crate) const fn floor(&self) -> MsgId {
        self.floor
    }

    /// The membership ended with this entry.
    pub(crate) fn removed(&mut self, last: MsgId) {
        self.grown(last);
        self.end = Some(last);
    }

    /// The user is a member, perhaps again.
    pub(crate) fn is_member(&mut self, head: MsgId) {
        if self.extent == Extent::Endless {
            self.end = None;
        }
        self.grown(head);
    }

    /// A new session began. What came between the two is in no push; `head` is the log's end as of
    /// the login, if the login told.
    pub(crate) fn logged_in(&mut self, head: Option<MsgId>) {
        match head {
            Some(head) => self.grown(head),
            None => self.probe |= self.extent == Extent::Endless,
        }
    }

    /// What comes next. A run that is taken counts as handed over.
    pub(crate) fn step(&mut self) -> Result<Step, Broken> {
        while let Some(front) = self.runs.front() {
            if front.first > self.next {
                break;
            }
            let Some(run) = self.runs.pop_front() else {
                break;
            };
            self.buffered_bytes -= run.entries.len();
            if run.last() >= self.next {
                return Ok(Step::Take(self.hand_over(run)?));
            }
        }
        if self.is_at_end() {
            return Ok(Step::End);
        }
        Ok(self
            .page_ahead()
            .map_or(Step::Wait, |(from, limit)| Step::Pull { from, limit }))
    }

    /// From where, and how much, to pull: everything up to what was pushed ahead. `None` when the
    /// reader has, or was pushed, all there is.
    pub(crate) fn page_ahead(&self) -> Option<(MsgId, u32)> {
        if self.is_at_end() {
            return None;
        }
        let last = self.end.map_or(self.head, |end| end.min(self.head));
        let missing = match self.runs.front() {
            Some(run) => run.first.above(self.next),
            None if self.probe => RUN_MESSAGES_MAX.into(),
            None => last.next().above(self.next),
        };
        (missing > 0).then(|| {
            (
                self.next,
                u32::try_from(missing)
                    .unwrap_or(RUN_MESSAGES_MAX)
                    .min(RUN_MESSAGES_MAX),
            )
        })
    }

    /// A pull was answered. Gives what of it the reader does not have, if anything.
    pub(crate) fn pulled(&mut self, pulled: Pulled) -> Result<Option<Run>, Broken> {
        self.probe = false;
        self.grown(pulled.head);
        if self.extent == Extent::ToHead {
            self.end.get_or_insert(pulled.head);
        }
        // What lies at or below the floor is gone on purpose, or is not for this member.
        self.expired(pulled.floor);
        let run = pulled.run;
        if run.conversation != self.conversation || (run.count > 0 && run.first > self.next) {
            return Err(Broken("a pull was answered with another part of the log"));
        }
        if run.count == 0 || run.last() < self.next {
            let is_level = self.next > pulled.head;
            return if is_level || run.count > 0 {
                Ok(None)
            } else {
                Err(Broken("a pull was answered with nothing below the head"))
            };
        }
        self.hand_over(run).map(Some)
    }

    fn is_at_end(&self) -> bool {
        self.end.is_some_and(|end| self.next > end)
    }

    fn hand_over(&mut self, mut run: Run) -> Result<Run, Broken> {
        while run.first < self.next {
            split_first(&mut run)?;
        }
        self.next = run.last().next();
        Ok(run)
    }
}

/// Every follower of a client, by what it follows.
#[derive(Debug, Default)]
pub(crate) struct Followers(HashMap<ConversationId, Vec<Follower>>);

impl Followers {
    pub(crate) fn add(&mut self, follower: Follower) {
        self.0
            .entry(follower.conversation)
            .or_default()
            .push(follower);
    }

    pub(crate) fn remove(&mut self, conversation: ConversationId, key: u64) {
        if let Some(followers) = self.0.get_mut(&conversation) {
            followers.retain(|follower| follower.key != key);
            if followers.is_empty() {
                self.0.remove(&conversation);
            }
        }
    }

    pub(crate) fn get_mut(
        &mut self,
        conversation: ConversationId,
        key: u64,
    ) -> Option<&mut Follower> {
        self.of(conversation)
            .iter_mut()
            .find(|follower| follower.key == key)
    }

    pub(crate) fn of(&mut self, conversation: ConversationId) -> &mut [Follower] {
        self.0
            .get_mut(&conversation)
            .map_or(&mut [], Vec::as_mut_slice)
    }

    pub(crate) fn all(&mut self) -> impl Iterator<Item = (ConversationId, &mut Follower)> {
        self.0.iter_mut().flat_map(|(&conversation, followers)| {
            followers
                .iter_mut()
                .map(move |follower| (conversation, follower))
        })
    }
}

/// Splits the first message off a run and gives its packed entry.
pub(crate) fn split_first(run: &mut Run) -> Result<bytes::Bytes, Broken> {
    let entry =
        split_entry(&mut run.entries)?.ok_or(Broken("a run has fewer messages than it says"))?;
    run.first = run.first.next();
    run.count = run.count.saturating_sub(1);
    Ok(entry)
}
