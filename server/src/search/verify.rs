//! Verification: whether an entry is a hit, and each hit once more as it is when it is returned.

use std::sync::Arc;

use cairn_proto::content::message::{Entry, Run, unpack_entry};
use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::limits as wire;
use cairn_proto::model::search::{self, Highlights};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::{Hit, PullRange};
use cairn_search::{Facts, Matcher, Respeller, Scratch};
use cairn_store::blocks::run::RunLimits;
use cairn_store::timeline::history::History;
use tracing::error;

use super::part::{Look, Place};
use super::scan::{Candidate, Scan};
use crate::session::Session;

/// Looks for messages that match.
pub(super) struct Matching<'a> {
    matcher: &'a Matcher,
    user: UserId,
    scratch: Scratch,
    /// Whether the chunk lacks a term that all hits contain.
    is_absent: bool,
}

/// Looks for a spelling with which messages would match.
pub(super) struct Respelling {
    respeller: Respeller,
    user: UserId,
    scratch: Scratch,
}

/// Reads hits as they are now, as far as the session may see them now.
pub(super) struct Verifier {
    pub(super) session: Arc<Session>,
    pub(super) user: UserId,
    pub(super) history: History,
}

impl<'a> Matching<'a> {
    pub(super) fn new(matcher: &'a Matcher, user: UserId) -> Self {
        Self {
            matcher,
            user,
            scratch: Scratch::default(),
            is_absent: false,
        }
    }

    fn check(&mut self, place: &Place<'_>, msgid: MsgId, entry: &[u8]) -> Option<Highlights> {
        if !self.matcher.may_match(place.conversation, entry) {
            return None;
        }
        // A pull reports an entry that does not decode; a search finds the others.
        let entry = unpack_entry(entry).ok()?;
        let facts = facts(place, msgid, &entry, self.user);
        self.matcher.check(&facts, &mut self.scratch)
    }
}

impl Look for Matching<'_> {
    fn begin(&mut self, packed: Option<&[u8]>) {
        self.is_absent = packed.is_some_and(|packed| self.matcher.is_absent_from(packed));
    }

    fn look(&mut self, place: &Place<'_>, msgid: MsgId, entry: &[u8]) -> bool {
        (!self.is_absent || self.matcher.may_match_unplain(entry))
            && self.check(place, msgid, entry).is_some()
    }
}

impl Respelling {
    pub(super) fn new(respeller: Respeller, user: UserId) -> Self {
        Self {
            respeller,
            user,
            scratch: Scratch::default(),
        }
    }

    pub(super) fn best(&self) -> Option<search::Respelling> {
        self.respeller.best()
    }
}

impl Look for Respelling {
    fn begin(&mut self, _: Option<&[u8]>) {}

    /// Notes the words, and is never a hit.
    fn look(&mut self, place: &Place<'_>, msgid: MsgId, entry: &[u8]) -> bool {
        if self.respeller.may_note(place.conversation, entry)
            && let Ok(entry) = unpack_entry(entry)
        {
            let facts = facts(place, msgid, &entry, self.user);
            self.respeller.note(&facts, &mut self.scratch);
        }
        false
    }
}

fn facts<'a>(place: &Place<'_>, msgid: MsgId, entry: &'a Entry, user: UserId) -> Facts<'a> {
    let extent = place.extent;
    Facts {
        conversation: place.conversation,
        entry,
        is_pinned: extent.pins.contains(&msgid),
        is_unread: msgid > extent.unread_above && entry.sender != user,
    }
}

impl Verifier {
    /// Returns the hits that match as they are now, as many as an answer holds, and the candidates
    /// that did not fit.
    pub(super) fn verify<'a>(
        &self,
        candidates: &'a [Candidate],
        scan: &Scan,
        matching: &mut Matching<'_>,
    ) -> Result<(Vec<Hit>, &'a [Candidate]), ErrorCode> {
        let mut hits = Vec::new();
        let mut bytes_left = wire::RUN_BYTES_MAX;
        for (at, candidate) in candidates.iter().enumerate() {
            let Some(extent) = scan.extent(candidate.conversation) else {
                continue;
            };
            let Some(run) = self.read(*candidate)? else {
                continue;
            };
            let place = Place {
                conversation: candidate.conversation,
                extent,
            };
            let Some(highlights) = matching.check(&place, candidate.msgid, &run.entries) else {
                continue;
            };
            // One hit always fits.
            match bytes_left.checked_sub(run.entries.len()) {
                Some(left) => bytes_left = left,
                None if hits.is_empty() => bytes_left = 0,
                None => return Ok((hits, candidates.get(at..).unwrap_or_default())),
            }
            hits.push(Hit { run, highlights });
        }
        Ok((hits, &[]))
    }

    /// Reads a message as a pull of it would. `None` if the session may not see it any more.
    fn read(&self, candidate: Candidate) -> Result<Option<Run>, ErrorCode> {
        let Candidate {
            conversation,
            msgid,
            ..
        } = candidate;
        let Some(window) = self.session.window(conversation) else {
            return Ok(None);
        };
        if !window.shows(msgid) {
            return Ok(None);
        }
        let range = PullRange::From(msgid);
        let limits = RunLimits::of_messages(1);
        let run = self.history.read(&window.timeline, range, limits);
        let run = run.map_err(|failure| {
            error!(%failure, "cannot read a stored message");
            ErrorCode::Damaged
        })?;
        // Otherwise it expired during the read, and the run starts above it.
        Ok((run.first == msgid && run.count == 1).then_some(run))
    }
}
