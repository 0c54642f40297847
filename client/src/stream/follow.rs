//! The state machine of a timeline: the reader's position, the pushed runs ahead of it, and the
//! known extent of the log. Performs no I/O.
//!
//! Pushes are hints, the log is the truth. A pushed run that continues at the reader's position is
//! delivered; one further ahead is buffered if it fits; whatever is missing in between is pulled.

use std::collections::{BTreeMap, VecDeque};
use std::task::Waker;

use cairn_proto::content::message::{Run, split_entry};
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits::RUN_MESSAGES_MAX;
use cairn_proto::wire::codec::DecodeError;
use cairn_proto::wire::request::session::Pulled;

use crate::limits;

/// The next step of a timeline.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Deliver this run. It begins exactly at the reader's position.
    Take(Run),
    /// Pull a range of the log.
    Pull {
        /// The first message.
        from: MsgId,
        /// The maximum number of messages.
        limit: u32,
    },
    /// The timeline has ended.
    End,
    /// The reader has everything that is known to exist.
    Wait,
}

/// The server's responses contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) &'static str);

impl From<DecodeError> for Broken {
    fn from(_: DecodeError) -> Self {
        Self("a malformed message")
    }
}

/// The extent of a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Without end.
    Endless,
    /// Up to the head as of the first response.
    ToHead,
}

/// One reader of one conversation.
#[derive(Debug)]
pub(crate) struct Follower {
    /// Distinguishes readers of the same conversation.
    key: u64,
    conversation: ConversationId,
    /// The reader's position: the first message not yet delivered.
    next: MsgId,
    /// The last message known to exist.
    head: MsgId,
    /// The last message known to have expired, or to precede what the user may see.
    floor: MsgId,
    /// Whether messages above `head` may exist that are not going to be pushed, so that one pull is
    /// needed to find out.
    probe: bool,
    /// Pushed runs ahead of the reader, in ascending order, possibly with gaps.
    runs: VecDeque<Run>,
    buffered_bytes: usize,
    /// The last message to deliver, if known: the entry that ended the membership, or the head at
    /// which a history ends.
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

    /// Handles a pushed run.
    pub(crate) fn pushed(&mut self, run: &Run) {
        if self.extent == Extent::ToHead {
            return;
        }
        let known = self.runs.back().map_or(self.next.prev(), Run::last);
        // Raise the head even if the run is not buffered below: it then counts as missing and is
        // pulled later. Otherwise a slow reader would stop short of it.
        self.grown(run.last());
        let fits = self.buffered_bytes + run.entries.len() <= limits::TIMELINE_BUFFER_BYTES_MAX;
        if run.last() > known && (fits || self.runs.is_empty()) {
            self.buffered_bytes += run.entries.len();
            self.runs.push_back(run.clone());
        }
    }

    /// Raises the known head.
    pub(crate) fn grown(&mut self, head: MsgId) {
        self.head = self.head.max(head);
    }

    /// Raises the floor, and moves the reader past it.
    pub(crate) fn expired(&mut self, floor: MsgId) {
        self.floor = self.floor.max(floor);
        self.next = self.next.max(self.floor.next());
    }

    /// Returns the floor.
    pub(crate) const fn floor(&self) -> MsgId {
        self.floor
    }

    /// Handles the end of the membership.
    pub(crate) fn removed(&mut self, last: MsgId) {
        self.grown(last);
        self.end = Some(last);
    }

    /// Handles a membership, possibly a renewed one.
    pub(crate) fn is_member(&mut self, head: MsgId) {
        if self.extent == Extent::Endless {
            self.end = None;
        }
        self.grown(head);
    }

    /// Handles a new session. Messages between two sessions are not pushed; `head` is the head at
    /// the login, if it is known.
    pub(crate) fn logged_in(&mut self, head: Option<MsgId>) {
        match head {
            Some(head) => self.grown(head),
            None => self.probe |= self.extent == Extent::Endless,
        }
    }

    /// Returns the next step. The reader's position moves past a returned run.
    pub(crate) fn step(&mut self) -> Result<Step, Broken> {
        while let Some(front) = self.runs.front() {
            // A gap before the buffered run. Stop here, so that the missing part is pulled first;
            // delivering the run would skip it for good.
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

    /// Returns the range to pull, up to the first buffered run. Returns `None` if nothing is
    /// missing.
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

    /// Handles the response to a pull, and returns the part that the reader does not have.
    pub(crate) fn pulled(&mut self, pulled: Pulled) -> Result<Option<Run>, Broken> {
        self.probe = false;
        self.grown(pulled.head);
        if self.extent == Extent::ToHead {
            self.end.get_or_insert(pulled.head);
        }
        // The floor must be applied before the run is checked: messages at or below it are
        // legitimately missing, and the check would take them for a gap.
        self.expired(pulled.floor);
        let run = pulled.run;
        if run.conversation != self.conversation || (run.count > 0 && run.first > self.next) {
            return Err(Broken("a response to a pull with another range"));
        }
        if run.count == 0 || run.last() < self.next {
            let is_level = self.next > pulled.head;
            return if is_level || run.count > 0 {
                Ok(None)
            } else {
                Err(Broken("an empty response to a pull below the head"))
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

/// All timelines of a client, by conversation.
#[derive(Debug, Default)]
pub(crate) struct Followers(BTreeMap<ConversationId, Vec<Follower>>);

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

/// Splits the first message off a run and returns its packed entry.
pub(crate) fn split_first(run: &mut Run) -> Result<bytes::Bytes, Broken> {
    let entry =
        split_entry(&mut run.entries)?.ok_or(Broken("a run has fewer messages than announced"))?;
    run.first = run.first.next();
    run.count = run.count.saturating_sub(1);
    Ok(entry)
}
